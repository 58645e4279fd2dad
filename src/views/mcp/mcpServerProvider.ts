import { join } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { MCP_SERVERS } from '../text/contributions';
import { storageDirectory } from '../settings';

/** Offers the MCP server on this window's store to VS Code, which starts it when a person uses its tools. */
export function registerMcpServer(context: vscode.ExtensionContext, bundles: string): vscode.Disposable {
  const { version } = v.parse(v.object({ version: v.string() }), context.extension.packageJSON);
  const provideMcpServerDefinitions = (): vscode.McpStdioServerDefinition[] => [
    new vscode.McpStdioServerDefinition(
      'Corral',
      process.execPath,
      [join(bundles, 'mcp.js'), '--store', storageDirectory(context)],
      { ELECTRON_RUN_AS_NODE: '1' },
      version,
    ),
  ];
  return vscode.lm.registerMcpServerDefinitionProvider(MCP_SERVERS, { provideMcpServerDefinitions });
}
