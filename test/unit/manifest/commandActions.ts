import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import type { CommandName } from '../../../src/views/text/contributions';
import { COMMANDS } from '../../../src/views/text/contributions';
import { projectRoot } from '../../support/project';

/** What the code of a command does with its argument. */
export interface CommandAction {
  name: CommandName;
  /** The functions that are called with the argument or a part of it. */
  takers: string[];
}

/** The action of each command: the properties with the name of a command that are functions. */
export async function readCommandActions(): Promise<CommandAction[]> {
  const views = join(projectRoot, 'src/views');
  const folders = ['commands', 'composer', 'timeline'];
  const files = (await readdir(views, { recursive: true })).filter(
    (name) => name.endsWith('.ts') && folders.some((folder) => name.startsWith(folder)),
  );
  const actions: CommandAction[] = [];
  for (const path of files) {
    const text = await readFile(join(views, path), 'utf8');
    const visit = (node: ts.Node): void => {
      const action = ts.isPropertyAssignment(node) ? actionOf(node) : undefined;
      if (action === undefined) ts.forEachChild(node, visit);
      else actions.push(action);
    };
    visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  }
  return actions;
}

function actionOf({ name, initializer }: ts.PropertyAssignment): CommandAction | undefined {
  if (!isCommand(name.getText()) || !ts.isArrowFunction(initializer)) return undefined;
  const parameters = new Set(initializer.parameters.map((each) => each.name.getText()));
  const takers: string[] = [];
  const names = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && parameters.has(node.text)) ||
    (ts.forEachChild(node, (child) => names(child) || undefined) ?? false);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.arguments.some(names)) takers.push(node.expression.getText());
    ts.forEachChild(node, visit);
  };
  visit(initializer.body);
  return { name: name.getText() as CommandName, takers };
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
