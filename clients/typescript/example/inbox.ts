/** An inbox without its looks: who waits, what happens, an answer. Compiled in CI, not run. */
import { connect, each, listen, type Schemas, WarmlineError } from '../src/index.js';

type Line = Schemas['CaseLine'];

export async function work(baseUrl: string, key: string): Promise<void> {
  const api = connect({ baseUrl, key });
  const waiting: Line[] = [];
  for await (const line of each((cursor) =>
    api.GET('/v1/cases', { params: { query: { tier: ['urgent'], ...(cursor && { cursor }) } } }),
  )) {
    waiting.push(line);
  }
  const first = waiting[0];
  if (first) {
    try {
      const { data } = await api.POST('/v1/cases/{case_id}/replies', {
        params: { path: { case_id: first.id } },
        body: { text: '抱歉让您久等了，已经为您补发。' },
      });
      const settled = data?.case.clocks.filter((clock) => clock.state === 'met');
      console.info(settled?.length);
    } catch (error) {
      if (!(error instanceof WarmlineError)) throw error;
      console.warn(error.problem.code, error.problem.request_id);
    }
  }
  for await (const told of listen({ baseUrl, key, kinds: ['case.', 'clock.'] })) {
    if (told.kind === 'gap') console.warn('read the lists again');
    else console.info(told.fact.kind, told.fact.subject_id);
  }
}
