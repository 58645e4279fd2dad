/** Finds a module's imports by relative path: declarations, re-exports, `import()` and `import('…')` types. */
import ts from 'typescript';

/** `position` counts characters from the start of `text`. */
export function importsOf(path, text) {
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, kind);
  const found = [];
  const add = (literal, isTypeOnly) => {
    if (literal !== undefined && ts.isStringLiteralLike(literal) && literal.text.startsWith('.'))
      found.push({ specifier: literal.text, isTypeOnly, position: literal.getStart(file), end: literal.getEnd() });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyImport(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyExport(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isTypeOnlyImport(clause) {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  return clause.name === undefined && names !== undefined && ts.isNamedImports(names) && allTypes(names);
}

function isTypeOnlyExport(node) {
  const names = node.exportClause;
  return node.isTypeOnly || (names !== undefined && ts.isNamedExports(names) && allTypes(names));
}

const allTypes = ({ elements }) => elements.length > 0 && elements.every(({ isTypeOnly }) => isTypeOnly);
