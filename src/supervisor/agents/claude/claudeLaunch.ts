import type { PermissionMode } from '../../../storage/sessionRecords';
import type { Launch, LaunchRequest } from '../driver/driver';
import { askingSettings } from './claudeSettings';

const MODES: Record<PermissionMode, string> = { ask: 'default', edits: 'acceptEdits', all: 'bypassPermissions' };

/** The command line of one long-lived process that speaks `stream-json` on both pipes. */
export function launchClaude({ program, programArguments, permissionMode, model, resumes }: LaunchRequest): Launch {
  const argv = [
    ...[program, ...programArguments],
    ...['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'],
    ...['--include-partial-messages', '--replay-user-messages'],
    ...askingSettings(permissionMode, programArguments),
    ...['--permission-prompt-tool', 'stdio', '--permission-mode', MODES[permissionMode]],
    // With `=`, so that no value can be read as an option.
    ...(model === undefined ? [] : [`--model=${model}`]),
    ...(resumes === undefined ? [] : [`--resume=${resumes}`]),
  ];
  return { argv, environment: {}, promptInArguments: false };
}
