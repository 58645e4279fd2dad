import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Progress } from '@modelcontextprotocol/sdk/types.js';
import * as v from 'valibot';
import { projectRoot } from '../project';

const resultSchema = v.object({
  isError: v.optional(v.boolean(), false),
  content: v.array(v.object({ type: v.literal('text'), text: v.string() })),
});

export interface CallOptions {
  signal?: AbortSignal;
  onprogress?: (progress: Progress) => void;
}

/** The server on a store, with the official client at the other end of its standard input and output. */
export class McpClient {
  readonly client: Client;
  readonly #transport: StdioClientTransport;

  private constructor(client: Client, transport: StdioClientTransport) {
    this.client = client;
    this.#transport = transport;
  }

  static async connect(store: string): Promise<McpClient> {
    return await McpClient.start(process.execPath, [join(projectRoot, 'dist/mcp.js'), '--store', store], {});
  }

  /** `env` is beside what the client passes on by itself. */
  static async start(command: string, args: string[], env: Record<string, string>): Promise<McpClient> {
    const variables = { ...getDefaultEnvironment(), ...env };
    const transport = new StdioClientTransport({ command, args, env: variables, stderr: 'inherit' });
    const client = new Client({ name: 'a test', version: '1' });
    await client.connect(transport);
    return new McpClient(client, transport);
  }

  /** The facts of an answer as JSON, and what is marked as untrusted. */
  async call(
    name: string,
    input: Record<string, unknown> = {},
    options: CallOptions = {},
  ): Promise<{ facts: unknown; untrusted: string }> {
    const { isError, texts } = await this.#call(name, input, options);
    assert.equal(isError, false, texts.join('\n'));
    const [facts = '', marked = ''] = texts;
    const [, border = '', untrusted = ''] = /<untrusted-(\w+)>\n(.*)\n<\/untrusted-\1>$/s.exec(marked) ?? [];
    assert.equal(marked === '' || border.length === 16, true, marked);
    return { facts: JSON.parse(facts), untrusted };
  }

  /** The text of an answer that says what is wrong. */
  async refused(name: string, input: Record<string, unknown> = {}): Promise<string> {
    const { isError, texts } = await this.#call(name, input, {});
    assert.equal(isError, true, texts.join('\n'));
    return texts.join('\n');
  }

  get pid(): number | null {
    return this.#transport.pid;
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async #call(
    name: string,
    input: Record<string, unknown>,
    options: CallOptions,
  ): Promise<{ isError: boolean; texts: string[] }> {
    const answer = await this.client.callTool({ name, arguments: input }, undefined, { timeout: 60_000, ...options });
    const { isError, content } = v.parse(resultSchema, answer);
    return { isError, texts: content.map(({ text }) => text) };
  }
}
