import type { PermissionMode } from '../../../storage/sessionRecords';
import type { Launch, LaunchRequest, McpServerEntry } from '../driver/driver';
import { ASIDE_INSTRUCTIONS } from '../driver/userMessages';
import { askingSettings, hasOwnSettings } from './claudeSettings';

const MODES: Record<PermissionMode, string> = { ask: 'default', edits: 'acceptEdits', all: 'bypassPermissions' };

/** The command line of one long-lived process that speaks `stream-json` on both pipes. */
export function launchClaude(request: LaunchRequest): Launch {
  const { program, programArguments, permissionMode, model, resumes, mcpServer, aside } = request;
  const argv = [
    ...[program, ...programArguments],
    ...['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'],
    ...['--include-partial-messages', '--replay-user-messages'],
    ...(aside !== undefined
      ? asideArguments(request)
      : [
          ...askingSettings(permissionMode, programArguments),
          ...['--permission-prompt-tool', 'stdio', '--permission-mode', MODES[permissionMode]],
        ]),
    // With `=`, so that no value can be read as an option.
    ...(model === undefined ? [] : [`--model=${model}`]),
    ...(resumes === undefined ? [] : [`--resume=${resumes}`]),
    ...(mcpServer === undefined ? [] : mcpArguments(mcpServer)),
  ];
  return {
    argv,
    environment: {},
    promptInArguments: false,
    ...(mcpServer === undefined ? {} : { takesMcpServer: true }),
  };
}

/** Beside a person's own servers. Its tools are not asked about: a person has allowed them for the repository. */
function mcpArguments({ name, ...server }: McpServerEntry): string[] {
  return [`--mcp-config=${JSON.stringify({ mcpServers: { [name]: server } })}`, `--allowedTools=mcp__${name}`];
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
