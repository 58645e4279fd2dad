/** Case 15: what a person downloads, and what each window loads. Its activation is measured with case 7. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { valueOf } from './figures';

async function sizeFigure(name: string, feel: string, path: string, atMostKb: number): Promise<Figure> {
  const kb = (await stat(join(projectRoot, path))).size / 1_000;
  return { name, feel, ...valueOf(kb), unit: 'KB', detail: path, target: { atMost: atMostKb } };
}

export async function sizeFigures(): Promise<Figure[]> {
  return [
    await sizeFigure('15v', 'the download', 'out/corral.vsix', 2_500),
    await sizeFigure('15x', 'code that each window loads at its start', 'dist/extension.js', 500),
  ];
}
