/** What an agent offers to people who write to it, as it tells itself. */
import * as v from 'valibot';
import { oneLine } from '../common/oneLine';

/** Of each list; some agents know the models of all providers. */
const MAX_OFFERS = 500;
const MAX_NAME_LENGTH = 200;
const UNSAYABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

const text = v.string();
const modelSchema = v.object({
  /** What is given to the agent. */
  id: text,
  name: text,
  description: v.exactOptional(text),
  isDefault: v.exactOptional(v.literal(true)),
});
const commandSchema = v.object({ name: text, description: v.exactOptional(text), argumentHint: v.exactOptional(text) });
export const agentOffersSchema = v.object({ models: v.array(modelSchema), commands: v.array(commandSchema) });

/** What an agent offers. Lists are empty where it tells nothing: any text may be sent then. */
export type AgentOffers = v.InferOutput<typeof agentOffersSchema>;

/** Offers as a driver reads them. A list that is absent was not told. */
export interface ToldOffers {
  models?: readonly ToldModel[] | undefined;
  commands?: readonly ToldCommand[] | undefined;
}

interface ToldModel {
  id: string;
  name?: string | undefined;
  description?: string | null | undefined;
  isDefault?: boolean | undefined;
}

interface ToldCommand {
  name: string;
  description?: string | null | undefined;
  argumentHint?: string | null | undefined;
}

/** The offers that can be shown and sent, with short texts on one line. */
export function fittingOffers({ models, commands }: ToldOffers): Partial<AgentOffers> {
  return {
    ...(models !== undefined && {
      models: models
        .filter(({ id }) => isSayable(id))
        .slice(0, MAX_OFFERS)
        .map(({ id, name, description, isDefault }) => ({
          id,
          name: oneLine(name ?? '') || id,
          ...shortTexts({ description }),
          ...(isDefault === true && { isDefault }),
        })),
    }),
    ...(commands !== undefined && {
      commands: commands
        .filter(({ name }) => isSayable(name))
        .slice(0, MAX_OFFERS)
        .map(({ name, description, argumentHint }) => ({ name, ...shortTexts({ description, argumentHint }) })),
    }),
  };
}

function isSayable(word: string): boolean {
  return word.trim() !== '' && word.length <= MAX_NAME_LENGTH && !UNSAYABLE.test(word);
}

/** Without those that say nothing. */
function shortTexts<K extends string>(texts: Record<K, string | null | undefined>): Partial<Record<K, string>> {
  const entries = Object.entries<string | null | undefined>(texts).map(([key, value]) => [key, oneLine(value ?? '')]);
  // The keys are those of `texts`, which TypeScript cannot follow.
  return Object.fromEntries(entries.filter(([, value]) => value !== '')) as Partial<Record<K, string>>;
}
