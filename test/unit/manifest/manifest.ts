import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { projectRoot } from '../../support/project';

const text = v.string();
const contributesSchema = v.object({
  commands: v.array(v.object({ command: text, category: v.literal('Corral') })),
  views: v.record(text, v.array(v.object({ id: text, when: v.optional(text) }))),
  customEditors: v.array(v.object({ viewType: text, selector: v.array(v.object({ filenamePattern: text })) })),
  viewsWelcome: v.array(v.object({ view: text, when: text, contents: text })),
  submenus: v.array(v.object({ id: text, label: text })),
  menus: v.record(
    text,
    v.array(
      v.union([
        v.object({ command: text, when: text, group: v.optional(text) }),
        v.object({ submenu: text, when: text, group: text }),
      ]),
    ),
  ),
  configuration: v.array(
    v.object({
      title: text,
      order: v.number(),
      properties: v.record(text, v.object({ scope: text, type: text, order: v.number() })),
    }),
  ),
  keybindings: v.array(
    v.object({
      command: text,
      key: text,
      mac: v.optional(text),
      when: v.optional(text),
      args: v.optional(v.unknown()),
    }),
  ),
  walkthroughs: v.array(
    v.object({
      steps: v.array(
        v.object({ id: text, media: v.object({ svg: text, altText: text }), completionEvents: v.array(text) }),
      ),
    }),
  ),
});

/** What package.json contributes, as far as tests ask for it. */
export type Contributions = v.InferOutput<typeof contributesSchema>;

export async function readManifest(): Promise<string> {
  return await readFile(join(projectRoot, 'package.json'), 'utf8');
}

export async function readContributions(): Promise<Contributions> {
  return v.parse(v.object({ contributes: contributesSchema }), JSON.parse(await readManifest())).contributes;
}

/** Every setting with what is said of it, of all sections. */
export function settingsOf({ configuration }: Contributions): Contributions['configuration'][number]['properties'] {
  return Object.fromEntries(configuration.flatMap(({ properties }) => Object.entries(properties)));
}

/** The texts of package.nls.json by key. */
export async function readTexts(): Promise<Record<string, string>> {
  return v.parse(v.record(text, text), JSON.parse(await readFile(join(projectRoot, 'package.nls.json'), 'utf8')));
}
