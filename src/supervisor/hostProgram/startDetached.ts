import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { homedir } from 'node:os';
import { ChannelError } from '../../common/channels/channel';
import { openRegular } from '../../common/disks/regularFile';
import { messageOf } from '../../common/errors';
import type { HostRequestOf } from '../hostProtocol/hostProtocol';
import { identityOf } from '../system/identity';
import type { ProcessIdentity } from '../system/identitySchema';
import { RUN_ID_VARIABLE } from '../system/processTree';

/**
 * Starts a program in a session of its own, which outlives this process.
 * @throws ChannelError NOT_STARTED, also where it has ended already
 */
export async function startDetached(request: HostRequestOf<'startDetached'>): Promise<ProcessIdentity> {
  const { argv, cwd, environment, output } = request;
  const [program = '', ...parameters] = argv;
  const file =
    output === undefined
      ? undefined
      : await openRegular(output, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o600);
  try {
    const child = spawn(program, parameters, {
      cwd: cwd ?? homedir(),
      // With that variable, it would be ended together with the run that this process belongs to.
      env: { ...process.env, ...environment, [RUN_ID_VARIABLE]: undefined },
      detached: true,
      windowsHide: true,
      stdio: ['ignore', file?.fd ?? 'ignore', file?.fd ?? 'ignore'],
    });
    child.unref();
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    const identity = await identityOf(pid);
    if (identity === undefined) throw new Error(`“${program}” has ended at once`);
    return identity;
  } catch (error) {
    throw new ChannelError('NOT_STARTED', messageOf(error));
  } finally {
    await file?.close();
  }
}
