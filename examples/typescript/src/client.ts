// A typed client in forty lines. codegen knows the types of variables and answers; this sends and receives them.
import { createClient, type Client as EventStream } from "graphql-sse";
import type { TypedDocumentString } from "./generated/graphql.js";

/** Where a server has its API. Behind a proxy the server may have a path of its own. */
export const apiOf = (server: string): URL => new URL("graphql", server.endsWith("/") ? server : `${server}/`);

/** What the server refused. extensions.code tells programs why, inputPath where in the variables. */
export class Refused extends Error {
  constructor(readonly errors: readonly { message: string; extensions?: { code?: string; inputPath?: (string | number)[] } }[]) {
    super(errors.map(({ message, extensions }) => `${extensions?.code}: ${message}`).join("; "));
  }
}

export class Client {
  readonly #api: URL;
  readonly #headers: Record<string, string>;
  readonly #events: EventStream;

  constructor(url: string, key: string) {
    this.#api = apiOf(url);
    this.#headers = { authorization: `Bearer ${key}` };
    this.#events = createClient({ url: this.#api.href, headers: this.#headers });
  }

  /** Asks, or changes something. */
  async ask<Answer, Variables>(document: TypedDocumentString<Answer, Variables>, variables: Variables): Promise<Answer> {
    const response = await fetch(this.#api, {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: AbortSignal.timeout(10_000),
    }).catch((cause: unknown) => {
      throw new Error(`${this.#api.href} does not answer`, { cause });
    });
    const { data, errors } = await response.json().catch((cause: unknown) => {
      throw new Error(`${this.#api.href} answers with status ${response.status} and no JSON: is it onecdp?`, { cause });
    });
    if (errors) throw new Refused(errors);
    return data;
  }

  /** Watches, until the loop over it is left. */
  async *watch<Answer, Variables extends Record<string, unknown>>(document: TypedDocumentString<Answer, Variables>, variables: Variables): AsyncGenerator<Answer> {
    for await (const { data, errors } of this.#events.iterate<Answer>({ query: document.toString(), variables })) {
      if (errors) throw new Refused(errors as unknown as Refused["errors"]);
      if (data) yield data;
    }
  }
}
