// The page around GraphiQL: the key, the transport, the example tabs.
(function () {
  'use strict';

  const kept = 'onecdp-key'; // in sessionStorage: gone with the tab
  const data = JSON.parse(document.getElementById('data').textContent);
  const form = document.getElementById('key');
  const root = ReactDOM.createRoot(document.getElementById('graphiql'));
  let own = data.key; // the page's own key, on the server's machine

  const key = () => sessionStorage.getItem(kept) || own;

  // The page's own key is short-lived: a page that stays open asks for another.
  async function renew() {
    const answer = await fetch('/', { cache: 'no-store' });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    own = JSON.parse(page.getElementById('data').textContent).key;
    return own !== '';
  }

  function send(request, headers, accept = 'application/graphql-response+json, application/json', signal = undefined) {
    const all = { 'Content-Type': 'application/json', Accept: accept, ...headers };
    if (key()) all.Authorization = 'Bearer ' + key();
    return fetch('/graphql', { method: 'POST', headers: all, body: JSON.stringify(request), signal });
  }

  // Without a key that works, the page asks for one, and says so when it had been given another.
  function askForKey() {
    if (sessionStorage.getItem(kept)) {
      sessionStorage.removeItem(kept);
      document.getElementById('hint').textContent = 'This key does not work: unknown, revoked or expired.';
    }
    form.hidden = false;
  }

  // A subscription: the answers of an event stream, until GraphiQL or the server has enough.
  function watch(request, headers) {
    const stop = new AbortController();
    const answers = events(request, headers, stop);
    const end = answers.return.bind(answers);
    answers.return = () => {
      stop.abort(); // end alone would wait for the next event
      return end();
    };
    return answers;
  }

  async function* events(request, headers, stop) {
    try {
      let answer = await send(request, headers, 'text/event-stream', stop.signal);
      if (answer.status === 401 && own && !sessionStorage.getItem(kept) && (await renew())) {
        answer = await send(request, headers, 'text/event-stream', stop.signal);
      }
      if (answer.status === 401) askForKey();
      if (!answer.ok) {
        yield await answer.json();
        return;
      }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ''; ; ) {
        const { value, done } = await reader.read();
        if (done) return;
        const parts = (text + value).split('\n\n');
        text = parts.pop();
        for (const event of parts) {
          const [, data] = event.match(/^event: next\ndata: (.*)$/) || [];
          if (data) yield JSON.parse(data);
        }
      }
    } catch (failure) {
      if (!stop.signal.aborted) throw failure;
    } finally {
      stop.abort();
    }
  }

  function isSubscription(request, document) {
    const operations = document ? document.definitions.filter(({ kind }) => kind === 'OperationDefinition') : [];
    const { operation } = operations.find(({ name }) => operations.length === 1 || (name && name.value === request.operationName)) || {};
    return operation === 'subscription';
  }

  const fetcher = (request, options) =>
    isSubscription(request, options && options.documentAST) ? watch(request, options.headers) : ask(request, options);

  async function ask(request, options) {
    let answer = await send(request, options && options.headers);
    if (answer.status === 401 && own && !sessionStorage.getItem(kept) && (await renew())) {
      answer = await send(request, options && options.headers);
    }
    if (answer.status === 401) askForKey();
    return answer.json();
  }

  // The variables of an example are found by another query: each of its fields gives one, as its id.
  async function tab({ query, find }) {
    if (!find || !key()) return { query };
    const { data: found } = await ask({ query: find }).catch(() => ({}));
    const variables = Object.fromEntries(Object.entries(found || {}).map(([name, node]) => [name, node && node.id]));
    return { query, variables: JSON.stringify(variables, null, 2) };
  }

  let drawn = 0;
  async function draw() {
    const defaultTabs = await Promise.all(data.tabs.map(tab));
    root.render(React.createElement(GraphiQL, {
      key: ++drawn, // a new key reads the schema again
      fetcher,
      defaultTabs,
      defaultEditorToolsVisibility: false,
      shouldPersistHeaders: false,
    }));
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const field = document.getElementById('secret');
    sessionStorage.setItem(kept, field.value.trim());
    field.value = '';
    form.hidden = true;
    draw();
  });

  form.hidden = Boolean(key());
  draw();
})();
