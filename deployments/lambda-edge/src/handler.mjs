// The Lambda@Edge function. It executes the steps of the decision in edge.wasm, and
// decides nothing. Whatever fails, it returns the event's own request or response.
import { Budget, head, send } from './calls.mjs';
import { answerOf, unchanged, shortLived } from './answer.mjs';
import { Decision } from './decision.mjs';
import { report } from './log.mjs';

const decision = new Decision(new URL('./edge.wasm', import.meta.url));

export async function handler(event) {
  const cf = event?.Records?.[0]?.cf;
  try {
    const { answer, error } = await decide(event);
    if (answer.fault) report(cf, answer.fault, answer.detail, error);
    if (answer.fault === 'event') return shortLived(unchanged(event, cf), cf);
    return answerOf(event, cf, answer);
  } catch (error) {
    report(cf, 'decision', 'no decision', error);
    return shortLived(unchanged(event, cf), cf);
  }
}

// decide runs the steps of one event. It returns the answer, and the error of the last
// calls.
async function decide(event) {
  const budget = new Budget();
  const run = decision.start(event);
  let error;
  for (;;) {
    const { answer, heads, send: message } = run.step;
    if (answer) return { answer, error };
    const results = message ? [await send(message, budget)] : await Promise.all(heads.map((what) => head(what, budget)));
    error = results.find((one) => one.error)?.error;
    run.next(results.map(({ error, ...rest }) => rest));
  }
}
