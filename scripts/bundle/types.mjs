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

/** Whether an identifier may refer to a declaration: the names of members and parameters do not. */
function mayRefer(node) {
  const { parent } = node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  const isName = 'name' in parent && parent.name === node;
  return !isName || ts.isStatement(parent) || ts.isVariableDeclaration(parent);
}

export function rollTypes(entry) {
  const modules = new Map();
  const moduleOf = (file) => {
    if (!modules.has(file)) modules.set(file, read(file));
    return modules.get(file);
  };
  /** The statements that are needed, each with its identifiers that have another name in the text. */
  const needed = new Map();
  /** The names in the text: of a name of a module, and all that are taken. */
  const finals = new Map();
  const taken = new Set();
  const packages = new Map();

  function finalOf(file, name) {
    const key = `${file}\0${name}`;
    let final = finals.get(key);
    if (final === undefined) {
      final = name;
      for (let number = 2; taken.has(final); number += 1) final = `${name}${number}`;
      taken.add(final);
      finals.set(key, final);
    }
    return final;
  }

  /** Takes in the statements behind a name of a module. @returns its name in the text. */
  function need(file, name) {
    const { source, declared, imported, exported } = moduleOf(file);
    const own = declared.get(name);
    if (own !== undefined) {
      const final = finalOf(file, name);
      for (const statement of own) visit(file, statement);
      return final;
    }
    const other = imported.get(name) ?? exported.find((one) => one.name === name && one.from !== undefined);
    if (other === undefined) unknown(source, `the name ${name}`);
    const target = other.local ?? other.name;
    if (target === '*' || target === 'default')
      unknown(source, `the import of ${name}, which is not by its name`);
    if (other.from.endsWith('.d.ts')) return need(other.from, target);
    add(packages, other.from, target);
    taken.add(target);
    return target;
  }

  function visit(file, statement) {
    if (needed.has(statement)) return;
    const renamed = [];
    needed.set(statement, renamed);
    const { declared, imported } = moduleOf(file);
    const walk = (node) => {
      if (ts.isImportTypeNode(node)) unknown(moduleOf(file).source, 'an import inside a type');
      if (ts.isIdentifier(node) && mayRefer(node) && (declared.has(node.text) || imported.has(node.text))) {
        const final = need(file, node.text);
        if (final !== node.text) renamed.push({ node, final });
      }
      ts.forEachChild(node, walk);
    };
    walk(statement);
  }

  const values = [];
  const types = [];
  const collect = (file) => {
    const { source, exported } = moduleOf(file);
    const give = (list, name, final) => list.push(name === final ? name : `${final} as ${name}`);
    for (const statement of source.statements) {
      if (!isExported(statement)) continue;
      const type = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      for (const name of namesOf(statement)) give(type ? types : values, name, need(file, name));
    }
    for (const { name, local, from, type, all } of exported) {
      if (all === true) collect(from);
      else give(type ? types : values, name, need(from ?? file, local));
    }
  };
  // What is exported keeps its name: it comes first.
  collect(entry);

  const text = [...needed].map(([statement, renamed]) => textOf(statement, renamed)).join('\n');
  const list = (names) => [...new Set(names)].sort((one, other) => (one < other ? -1 : 1)).join(', ');
  const imports = [...packages].map(([from, names]) => `import type { ${list(names)} } from '${from}';\n`);
  return `${imports.join('')}${text}\nexport { ${list(values)} };\nexport type { ${list(types)} };\n`;
}

/** A statement with its docstring, declared and not exported: the end of the file exports. */
function textOf(statement, renamed) {
  const source = statement.getSourceFile();
  const start = statement.getStart(source);
  const doc = statement.jsDoc?.at(-1)?.pos ?? start;
  let body = statement.getText(source);
  for (const { node, final } of [...renamed].sort((one, other) => other.node.pos - one.node.pos)) {
    const at = node.getStart(source) - start;
    body = `${body.slice(0, at)}${final}${body.slice(at + node.text.length)}`;
  }
  const bare = body.replace(/^export /, '');
  const declared = /^(?:declare|interface|type) /.test(bare) ? bare : `declare ${bare}`;
  return `${source.text.slice(doc, start)}${declared}`;
}
