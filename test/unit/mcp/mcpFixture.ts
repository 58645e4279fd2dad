import { McpClient } from '../../support/agents/mcpClient';
import { SupervisorFixture } from '../supervisor/supervisorFixture';

/** A store with windows and any number of clients. */
export class McpFixture {
  readonly store: SupervisorFixture;
  readonly #clients: McpClient[] = [];

  private constructor(store: SupervisorFixture) {
    this.store = store;
  }

  static async create(): Promise<McpFixture> {
    return new McpFixture(await SupervisorFixture.create());
  }

  async connect(): Promise<McpClient> {
    const client = await McpClient.connect(this.store.storageDirectory);
    this.#clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.store.end();
  }
}
