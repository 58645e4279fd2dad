import type { PermissionMode } from '../../../storage/sessionRecords';
import type { Launch, LaunchRequest } from '../driver/driver';
import { ASIDE_INSTRUCTIONS } from '../driver/userMessages';
import { askingSettings, hasOwnSettings } from './claudeSettings';

const MODES: Record<PermissionMode, string> = { ask: 'default', edits: 'acceptEdits', all: 'bypassPermissions' };

/** The command line of one long-lived process that speaks `stream-json` on both pipes. */
export function launchClaude(request: LaunchRequest): Launch {
  const { program, programArguments, permissionMode, model, resumes, isAside = false } = request;
  const argv = [
    ...[program, ...programArguments],
    ...['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'],
    ...['--include-partial-messages', '--replay-user-messages'],
    ...(isAside
      ? asideArguments(request)
      : [
          ...askingSettings(permissionMode, programArguments),
          ...['--permission-prompt-tool', 'stdio', '--permission-mode', MODES[permissionMode]],
        ]),
    // With `=`, so that no value can be read as an option.
    ...(model === undefined ? [] : [`--model=${model}`]),
    ...(resumes === undefined ? [] : [`--resume=${resumes}`]),
  ];
  return { argv, environment: {}, promptInArguments: false };
}

/** It can only read, asks nobody, starts neither hooks nor servers, and leaves nothing that could be resumed. */
function asideArguments({ programArguments, resumes }: LaunchRequest): string[] {
  return [
    ...['--tools=Read,Grep,Glob', '--permission-mode', 'plan', '--strict-mcp-config', '--no-session-persistence'],
    ...(hasOwnSettings(programArguments) ? [] : ['--settings={"disableAllHooks":true}']),
    `--append-system-prompt=${ASIDE_INSTRUCTIONS}`,
    ...(resumes === undefined ? [] : ['--fork-session']),
  ];
}
