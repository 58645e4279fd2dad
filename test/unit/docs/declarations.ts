import ts from 'typescript';

/** What a module declares: functions, classes, constants, and methods as `Class.method` or `Class.#method`. */
export function declarationsIn(path: string, text: string): Set<string> {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  const names = new Set<string>();
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) names.add(statement.name.text);
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) names.add(name.getText());
    if (ts.isClassDeclaration(statement) && statement.name !== undefined) {
      names.add(statement.name.text);
      for (const { name } of statement.members)
        if (name !== undefined) names.add(`${statement.name.text}.${name.getText()}`);
    }
  }
  return names;
}
