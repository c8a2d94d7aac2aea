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

  function send(request, headers) {
    const all = { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json, application/json', ...headers };
    if (key()) all.Authorization = 'Bearer ' + key();
    return fetch('/graphql', { method: 'POST', headers: all, body: JSON.stringify(request) });
  }

  async function fetcher(request, options) {
    let answer = await send(request, options && options.headers);
    if (answer.status === 401 && own && !sessionStorage.getItem(kept) && (await renew())) {
      answer = await send(request, options && options.headers);
    }
    if (answer.status === 401) {
      sessionStorage.removeItem(kept);
      form.hidden = false;
    }
    return answer.json();
  }

  // The variables of an example are found by another query: each of its fields gives one, as its id.
  async function tab({ query, find }) {
    if (!find || !key()) return { query };
    const { data: found } = await fetcher({ query: find }).catch(() => ({}));
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
