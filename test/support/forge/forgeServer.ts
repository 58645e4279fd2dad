import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { makeCertificate } from './certificate';

export const TOKEN = 'ghp_test';

interface Comment {
  author: { login: string } | null;
  createdAt: string;
  body: string;
  path?: string;
}

/** An issue or pull request as GitHub's GraphQL has it. */
export interface ServedIssue {
  number: number;
  title: string;
  body?: string;
  state?: 'OPEN' | 'CLOSED';
  author?: { login: string } | null;
  comments?: Comment[];
  reviews?: (Comment & { comments: Comment[] })[];
  branches?: [head: string, base: string];
}

const questionSchema = v.object({ query: v.string(), variables: v.optional(v.record(v.string(), v.unknown()), {}) });

/** What `gh` and git ask of GitHub Enterprise, on loopback by https: its GraphQL, and repositories to fetch from. */
export class ForgeServer {
  readonly folder: string;
  readonly certificate: string;
  readonly #server: Server;
  issues: ServedIssue[] = [];
  pullRequests: ServedIssue[] = [];
  /** Answers all with this, as for a token that is no longer valid. */
  refusal: { status: number; message: string } | undefined;
  /** The searches that were asked for. */
  readonly searches: string[] = [];
  /** The tokens that came with requests of any kind. */
  readonly tokens = new Set<string>();
  /** Answers to searches wait for this. */
  held: Promise<void> | undefined;
  /** The folder with bare repositories, served by `git http-backend`. */
  repositories = '';

  private constructor(folder: string, certificate: string, server: Server) {
    this.folder = folder;
    this.certificate = certificate;
    this.#server = server;
  }

  static async start(): Promise<ForgeServer> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-forge-')));
    const { key, cert, path } = await makeCertificate(folder);
    const server = createServer({ key, cert });
    const forge = new ForgeServer(folder, path, server);
    server.on('request', (request, response) => void forge.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await writeFile(
      join(folder, '.gitconfig'),
      `[http]\n\tsslCAInfo = ${path}\n[user]\n\tname = Robin\n\temail = robin@example.com\n`,
    );
    return forge;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The variables of somebody who is signed in here, with a home of their own. */
  get environment(): Record<string, string> {
    return {
      HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      GH_CONFIG_DIR: join(this.folder, 'gh'),
      GH_HOST: this.host,
      GH_ENTERPRISE_TOKEN: TOKEN,
      SSL_CERT_FILE: this.certificate,
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = tokenOf(request.headers.authorization);
    if (token !== undefined) this.tokens.add(token);
    if (this.refusal !== undefined) {
      sendJson(response, this.refusal.status, { message: this.refusal.message });
      return;
    }
    if (request.url === '/api/graphql') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const question = v.parse(questionSchema, JSON.parse(Buffer.concat(chunks).toString('utf8')));
      sendJson(response, 200, await this.#query(question));
    } else if (request.url?.startsWith('/api/v3') === true)
      sendJson(response, 200, { login: 'robin' }); // `gh auth status` looks whether the token is good
    else if (token === TOKEN) this.#serveGit(request, response);
    else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="forge"' }).end();
  }

  async #query({ query, variables }: v.InferOutput<typeof questionSchema>): Promise<unknown> {
    if (query.includes('viewer{login}')) return { data: { viewer: { login: 'robin' } } };
    const isPull = /pullRequest|is:pr/i.test(query) || /is:pr\b/.test(String(variables['search']));
    const served = isPull ? this.pullRequests : this.issues;
    if (typeof variables['search'] === 'string') {
      this.searches.push(variables['search']);
      await this.held;
      const words = variables['search'].split(' ').filter((word) => !/^(repo|is|sort):/.test(word));
      const found = served.filter(({ title }) =>
        words.every((word) => title.toLowerCase().includes(word.toLowerCase())),
      );
      return {
        data: {
          search: { nodes: found.map((each) => ({ ...whole(each), repository: { nameWithOwner: 'octo/shop' } })) },
        },
      };
    }
    if (`${String(variables['owner'])}/${String(variables['name'])}` !== 'octo/shop')
      return {
        data: { repository: null },
        errors: [{ type: 'NOT_FOUND', message: 'Could not resolve to a Repository' }],
      };
    const field = isPull ? 'pullRequest' : 'issue';
    if (variables['number'] === undefined)
      return {
        data: { repository: { [`${field}s`]: { nodes: served.filter(({ state }) => state !== 'CLOSED').map(whole) } } },
      };
    const one = served.find(({ number }) => number === variables['number']);
    const missing = {
      type: 'NOT_FOUND',
      message: `Could not resolve to an Issue with the number of ${JSON.stringify(variables['number'])}.`,
    };
    return one === undefined
      ? { data: { repository: { [field]: null } }, errors: [missing] }
      : { data: { repository: { [field]: whole(one) } } };
  }

  #serveGit(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, search } = new URL(request.url ?? '/', 'https://127.0.0.1');
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: this.repositories,
        GIT_HTTP_EXPORT_ALL: '1',
        REMOTE_USER: 'robin', // without a name git lets nobody push
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'],
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
        GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    backend.on('close', () => {
      const output = Buffer.concat(chunks);
      const end = output.indexOf('\r\n\r\n');
      const headers = output.subarray(0, end).toString('latin1').split('\r\n');
      for (const header of headers) {
        const [name = '', value = ''] = header.split(/: (.*)/s);
        if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.end(output.subarray(end + 4));
    });
  }
}

function whole({ comments = [], reviews = [], branches = ['topic', 'main'], ...issue }: ServedIssue): object {
  return {
    state: 'OPEN',
    author: { login: 'alice' },
    updatedAt: '2026-03-02T10:00:00Z',
    body: '',
    ...issue,
    // As `last: 30` does.
    comments: { totalCount: comments.length, nodes: comments.slice(-30) },
    reviews: {
      totalCount: reviews.length,
      nodes: reviews.map((each) => ({ ...each, comments: { nodes: each.comments } })),
    },
    headRefName: branches[0],
    baseRefName: branches[1],
  };
}

function tokenOf(authorization: string | undefined): string | undefined {
  const [scheme = '', value = ''] = (authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'basic') return value === '' ? undefined : value;
  return Buffer.from(value, 'base64').toString('utf8').split(':')[1];
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  // `gh auth status` wants to know what the token may do.
  response.writeHead(status, { 'content-type': 'application/json', 'X-OAuth-Scopes': 'repo, read:org' });
  response.end(JSON.stringify(body));
}
