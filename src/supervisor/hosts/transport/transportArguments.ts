import type { HostSetting } from '../hostSettings';

/** Whatever the user's configuration of ssh says about a terminal, forwarding and commands of its own. */
const SSH_OPTIONS = [
  'RemoteCommand=none',
  'SessionType=default',
  'StdinNull=no',
  'ForkAfterAuthentication=no',
  'PermitLocalCommand=no',
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
];

/** Program and arguments that run the script on the host by its `sh`. With `mayAsk`, ssh may ask a person. */
export function transportArguments(
  host: HostSetting,
  script: string,
  { mayAsk }: { mayAsk: boolean },
): [program: string, ...parameters: string[]] {
  const command = constantCommand(script);
  if ('exec' in host) return [...host.exec, 'sh', '-c', command];
  const options = [...SSH_OPTIONS, ...(mayAsk ? [] : ['BatchMode=yes'])].flatMap((option) => ['-o', option]);
  return ['ssh', '-T', ...options, host.ssh, `sh -c '${command}'`];
}

/** ssh hands one text to the login shell, and only such a text means the same to all of those. */
function constantCommand(script: string): string {
  return `eval "$(echo ${Buffer.from(script).toString('base64')} | base64 -d)"`;
}
