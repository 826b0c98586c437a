/**
 * Puts the declarations that a module exports, and those that they mention, into one text. What nothing mentions is left
 * out. Read by the oldest TypeScript that is promised: the compiler of this project has no such API.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript-oldest';
import { fail } from '../tools.mjs';

/** One module: what it declares, imports and exports, by name. */
function read(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const module = { source, declared: new Map(), imported: new Map(), exported: [] };
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) readImport(module, statement);
    else if (ts.isExportDeclaration(statement)) readExport(module, statement);
    else for (const name of namesOf(statement)) add(module.declared, name, statement);
  }
  return module;
}

function readImport({ source, imported }, { importClause, moduleSpecifier }) {
  const from = placeOf(source, moduleSpecifier.text);
  const bindings = importClause?.namedBindings;
  if (importClause?.name !== undefined) imported.set(importClause.name.text, { from, name: 'default' });
  if (bindings === undefined) return;
  if (ts.isNamespaceImport(bindings)) imported.set(bindings.name.text, { from, name: '*' });
  else
    for (const { name, propertyName } of bindings.elements)
      imported.set(name.text, { from, name: (propertyName ?? name).text });
}

function readExport(module, { exportClause, moduleSpecifier, isTypeOnly }) {
  const from = moduleSpecifier === undefined ? undefined : placeOf(module.source, moduleSpecifier.text);
  if (exportClause === undefined) {
    module.exported.push({ from, all: true });
    return;
  }
  for (const element of exportClause.elements) {
    const [name, local] = [element.name.text, (element.propertyName ?? element.name).text];
    module.exported.push({ name, local, from, type: isTypeOnly || element.isTypeOnly });
  }
}

function namesOf(statement) {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.text);
  return statement.name === undefined ? [] : [statement.name.text];
}

function add(map, name, value) {
  if (!map.has(name)) map.set(name, []);
  map.get(name).push(value);
}

/** A file beside this one, or the name of a package. */
function placeOf({ fileName }, specifier) {
  if (!specifier.startsWith('.')) return specifier;
  const file = join(dirname(fileName), specifier.replace(/\.js$/, '.d.ts'));
  if (!existsSync(file)) fail(`${fileName} imports ${specifier}, which is not there`);
  return file;
}

function unknown({ fileName }, what) {
  fail(`scripts/bundle/types.mjs does not know ${what}, which is in ${fileName}`);
}

const isExported = (statement) =>
  statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

export function rollTypes(entry) {
  const modules = new Map();
  const moduleOf = (file) => {
    if (!modules.has(file)) modules.set(file, read(file));
    return modules.get(file);
  };
  /** Statements that are needed, in the order in which they are found, and the file whose name each name is. */
  const needed = new Set();
  const owners = new Map();
  const packages = new Map();

  /** The statements behind a name of a module. */
  function need(file, name, local = name) {
    const { source, declared, imported, exported } = moduleOf(file);
    const own = declared.get(name);
    if (own !== undefined) {
      const owner = owners.get(name) ?? file;
      if (owner !== file || local !== name)
        unknown(source, `two meanings of one name, or two names (${local}, ${name}; also in ${owner})`);
      owners.set(name, file);
      for (const statement of own) visit(file, statement);
      return;
    }
    const other = imported.get(name) ?? exported.find((one) => one.name === name && one.from !== undefined);
    if (other === undefined) unknown(source, `the name ${name}`);
    const target = other.local ?? other.name;
    if (target === '*' || target === 'default')
      unknown(source, `the import of ${name}, which is not by its name`);
    if (!other.from.endsWith('.d.ts')) add(packages, other.from, target);
    else need(other.from, target, local);
  }

  function visit(file, statement) {
    if (needed.has(statement)) return;
    needed.add(statement);
    const { declared, imported } = moduleOf(file);
    const walk = (node) => {
      if (ts.isImportTypeNode(node)) unknown(moduleOf(file).source, 'an import inside a type');
      if (ts.isIdentifier(node) && (declared.has(node.text) || imported.has(node.text)))
        need(file, node.text);
      ts.forEachChild(node, walk);
    };
    walk(statement);
  }

  const values = [];
  const types = [];
  const collect = (file) => {
    const { source, exported } = moduleOf(file);
    for (const statement of source.statements) {
      if (!isExported(statement)) continue;
      const type = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      for (const name of namesOf(statement)) {
        need(file, name);
        (type ? types : values).push(name);
      }
    }
    for (const { name, local, from, type, all } of exported) {
      if (all === true) collect(from);
      else {
        need(from ?? file, local, name);
        (type ? types : values).push(name);
      }
    }
  };
  collect(entry);

  const text = [...needed].map((statement) => textOf(statement)).join('\n');
  const list = (names) => [...new Set(names)].sort((one, other) => (one < other ? -1 : 1)).join(', ');
  const imports = [...packages].map(([from, names]) => `import type { ${list(names)} } from '${from}';\n`);
  return `${imports.join('')}${text}\nexport { ${list(values)} };\nexport type { ${list(types)} };\n`;
}

/** A statement with its docstring, declared and not exported: the end of the file exports. */
function textOf(statement) {
  const source = statement.getSourceFile();
  const full = source.text;
  const doc = statement.jsDoc?.at(-1);
  const start = doc?.pos ?? statement.getStart(source);
  const [head, body] = [full.slice(start, statement.getStart(source)), statement.getText(source)];
  const bare = body.replace(/^export /, '');
  const declared = /^(?:declare|interface|type) /.test(bare) ? bare : `declare ${bare}`;
  return `${head}${declared}`;
}
