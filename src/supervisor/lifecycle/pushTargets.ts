import type { NamedCommand } from '../../storage/namedCommand';
import type { StorePaths } from '../../storage/paths';
import type { SessionFacts } from '../../storage/sessionFacts';
import { readConsent } from '../../storage/store/consents';
import type { Repository } from '../git/repository';
import { hasSameAddresses, readRemotes } from '../git/review/remotes';
import type { SessionModel } from '../sessions/sessionModel';

export interface PushTarget {
  remote: string;
  /** The addresses, without names and passwords. */
  urls: string[];
  /** False where an agent may have named the address, so that a person has to agree to it. */
  isKnown: boolean;
}

export interface PushTargets {
  targets: PushTarget[];
  /** The remote to push to where nobody chooses; undefined where there are several, or an agent may have named it. */
  remote: string | undefined;
}

/**
 * The remotes of the repository. An address is known where it was the same when this session and every other one of the
 * repository was made, or where a person agreed to it.
 */
export async function readPushTargets(
  paths: StorePaths,
  model: SessionModel,
  { repository: path, remotes: recorded }: SessionFacts,
  repository: Repository,
): Promise<PushTargets> {
  const now = await readRemotes(repository);
  const others = model
    .ids()
    .map((id) => model.facts(id))
    .flatMap((facts) => (facts.repository === path && facts.remotes !== undefined ? [facts.remotes] : []));
  const targets: PushTarget[] = [];
  for (const { name: remote, urls } of now.remotes) {
    const isRecorded =
      recorded !== undefined && others.every((other) => hasSameAddresses(other, now, remote)) && urls.length > 0;
    const isKnown = isRecorded || (await readConsent(paths, pushOf(path, { remote, urls }))) === true;
    targets.push({ remote, urls, isKnown });
  }
  const [only, ...more] = targets;
  const isDefaultKnown = recorded?.pushDefault === now.pushDefault;
  const byDefault = targets.find(({ remote }) => remote === now.pushDefault && isDefaultKnown);
  return { targets, remote: more.length === 0 ? only?.remote : byDefault?.remote };
}

/** What a person agrees to: pushes to exactly these addresses. */
export function pushOf(repository: string, { remote, urls }: Pick<PushTarget, 'remote' | 'urls'>): NamedCommand {
  return { repository, use: 'push', command: [remote, ...urls] };
}
