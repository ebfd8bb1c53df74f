/** A typed client of Warmline: every route of the schema, refusals as errors, calls tried again. */
import createClient, { type Client, type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema.js';

export type { components, paths } from './schema.js';
export type Schemas = components['schemas'];
export type Warmline = Client<paths>;

/** What the API answers instead of what was asked for; `code` is stable and made for programs. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
  request_id?: string;
  errors?: { pointer: string; code: string; detail: string }[];
}

export class WarmlineError extends Error {
  override readonly name = 'WarmlineError';
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

export interface Options {
  /** Where the API is, without `/v1`. */
  baseUrl: string;
  /** A key (`wl_…`); left out in a browser that signed in and holds the session's cookie. */
  key?: string;
  /** What answered the sign-in: sent with every change. */
  csrfToken?: string;
  /** How often a call that met 429 or 503, or no answer, is tried again. */
  retries?: number;
  fetch?: typeof globalThis.fetch;
}

const AGAIN = new Set([429, 503]);
const LONGEST_WAIT_MS = 30_000;
const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Every call answers with `data`, or throws a WarmlineError. */
export function connect(options: Options): Warmline {
  const client = createClient<paths>({
    baseUrl: options.baseUrl,
    credentials: options.key ? 'omit' : 'include',
    fetch: (request) => patiently(request, options),
  });
  const manners: Middleware = {
    onRequest({ request }) {
      if (options.key) request.headers.set('authorization', `Bearer ${options.key}`);
      if (options.csrfToken) request.headers.set('x-csrf-token', options.csrfToken);
      // Made once for all tries of a call: a second one that arrives counts once.
      if (request.method === 'POST' && !request.headers.has('idempotency-key')) {
        request.headers.set('idempotency-key', crypto.randomUUID());
      }
      return request;
    },
    async onResponse({ response }) {
      if (!response.ok) throw new WarmlineError(await problemOf(response));
      return response;
    },
  };
  client.use(manners);
  return client;
}

async function patiently(request: Request, options: Options): Promise<Response> {
  const send = options.fetch ?? globalThis.fetch;
  const retries = options.retries ?? 3;
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await send(request.clone());
      if (tries >= retries || !AGAIN.has(response.status)) return response;
      const asked = Number(response.headers.get('retry-after')) * 1000;
      await wait(Math.min(asked || 250 * 2 ** tries, LONGEST_WAIT_MS));
    } catch (error) {
      if (tries >= retries || request.signal.aborted) throw error;
      await wait(250 * 2 ** tries);
    }
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const told = response.headers.get('content-type')?.startsWith('application/problem+json');
  if (told) return (await response.json()) as Problem;
  return { type: 'about:blank', title: response.statusText, status: response.status, code: 'unknown' };
}

interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

/** Every item of a list, page by page: `each(cursor => api.GET('/v1/cases', …))`. */
export async function* each<Item>(
  read: (cursor: string | undefined) => Promise<{ data?: Page<Item> | undefined }>,
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const { data } = await read(cursor);
    yield* data?.items ?? [];
    cursor = data?.next_cursor ?? undefined;
  } while (cursor);
}

/** A fact as the live stream tells it; `gap` says that some are lost: read your lists again. */
export interface Fact {
  seq: number;
  kind: string;
  subject_kind: string;
  subject_id: string;
  payload: Record<string, unknown>;
  at: string;
}

export type Told = { kind: 'fact'; fact: Fact } | { kind: 'gap'; from: number; to: number };

/** What happens, as it happens, across reconnections; ends when `signal` says so. */
export async function* listen(
  options: Options & { kinds?: string[]; after?: number; signal?: AbortSignal },
): AsyncGenerator<Told> {
  let last = options.after === undefined ? '' : String(options.after);
  const query = new URLSearchParams((options.kinds ?? []).map((kind) => ['kinds', kind]));
  const send = options.fetch ?? globalThis.fetch;
  while (!options.signal?.aborted) {
    const headers = new Headers({ accept: 'text/event-stream' });
    if (options.key) headers.set('authorization', `Bearer ${options.key}`);
    if (last) headers.set('last-event-id', last);
    try {
      const response = await send(`${options.baseUrl}/v1/stream?${query}`, {
        headers,
        credentials: options.key ? 'omit' : 'include',
        ...(options.signal && { signal: options.signal }),
      });
      if (response.status === 401 || response.status === 403) {
        throw new WarmlineError(await problemOf(response));
      }
      for await (const event of events(response)) {
        last = event.id || last;
        if (event.name === 'gap') yield { kind: 'gap', ...JSON.parse(event.data) };
        else if (event.data) yield { kind: 'fact', fact: JSON.parse(event.data) as Fact };
      }
    } catch (error) {
      if (error instanceof WarmlineError || options.signal?.aborted) throw error;
    }
    await wait(2000);
  }
}

async function* events(response: Response): AsyncGenerator<{ id: string; name: string; data: string }> {
  if (!response.ok || !response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let event = { id: '', name: '', data: '' };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        yield event;
        event = { id: '', name: '', data: '' };
      }
      const [field, text] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)];
      if (field === 'id') event.id = text;
      if (field === 'event') event.name = text;
      if (field === 'data') event.data += text;
    }
  }
}
