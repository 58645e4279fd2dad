import { amountsOf, type RunBudget } from '../../../storage/budget';
import { budgetOf, type BudgetTree } from '../../../storage/budgetFacts';
import { usageOfAsides } from '../../../storage/asides';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { ancestorsOf, descendantsOf } from '../../../storage/sessionTree';
import type { SessionModel } from '../../sessions/sessionModel';
import type { SessionStore } from '../../sessions/sessionStore';
import type { SupervisorSettings } from '../../settings';
import { AsideReader } from '../asides/asideReader';

export interface RunBudgetOptions {
  model: SessionModel;
  store: SessionStore;
  settings: () => SupervisorSettings;
}

/** What a run of the session, or a question beside its work, is told of its budget; nothing where there is none. */
export async function runBudget(
  options: RunBudgetOptions,
  facts: SessionFacts,
  canStartOthers: boolean,
): Promise<{ budget?: RunBudget }> {
  const { store, settings } = options;
  const { budget } = settings();
  if (budget.session === undefined && budget.day === undefined) return {};
  const asides = await new AsideReader().list(store.paths.session(facts.sessionId));
  const tree = budget.session === undefined ? undefined : await budgetTree(options, facts.sessionId, canStartOthers);
  return budgetOf(budget, facts.runs, usageOfAsides(asides), tree);
}

/** As the journals have it now; undefined for a session that is alone and whose agent can start no other. */
async function budgetTree(
  { model, store }: RunBudgetOptions,
  sessionId: string,
  canStartOthers: boolean,
): Promise<BudgetTree | undefined> {
  const id = ancestorsOf(sessionId, (each) => model.find(each)?.startedBy).at(-1) ?? sessionId;
  const sessions = model.ids().map((each) => ({ id: each, startedBy: model.find(each)?.startedBy }));
  const ids = [...descendantsOf(id, sessions)];
  if (ids.length === 1 && !canStartOthers) return undefined;
  const found = await Promise.all(
    ids.map(async (each) => ({
      // One whose journal cannot be read holds up no other.
      runs: (await store.sync(each).catch(() => model.find(each)))?.runs ?? [],
      asides: await new AsideReader().list(store.paths.session(each)),
    })),
  );
  const runs = found.flatMap((each) => each.runs);
  const used = [
    ...runs.map(({ runId, usage }) => [runId, amountsOf(usage)] as const),
    ...found.flatMap(({ asides }) => asides.map((aside) => [aside.id, amountsOf(usageOfAsides([aside]))] as const)),
  ];
  return { id, runs, used: Object.fromEntries(used) };
}
