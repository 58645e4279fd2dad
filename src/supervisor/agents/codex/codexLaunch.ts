import type { Launch, LaunchRequest, McpServerEntry } from '../driver/driver';

export function launchCodex({ program, programArguments, mcpServer }: LaunchRequest): Launch {
  const server = mcpServer === undefined ? [] : mcpArguments(mcpServer);
  return {
    argv: [program, ...programArguments, ...server, 'app-server'],
    environment: {},
    promptInArguments: false,
    ...(mcpServer === undefined ? {} : { takesMcpServer: true }),
  };
}

/** As settings of its own, whose values are TOML: strings and lists of strings are the same in JSON. */
function mcpArguments({ name, command, args, env }: McpServerEntry): string[] {
  const variables = Object.entries(env).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  const settings = [
    `command=${JSON.stringify(command)}`,
    `args=${JSON.stringify(args)}`,
    `env={ ${variables.join(', ')} }`,
  ];
  return settings.flatMap((setting) => ['-c', `mcp_servers.${name}.${setting}`]);
}
