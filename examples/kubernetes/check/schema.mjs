// Checks manifests against the schema of Kubernetes in two ways, because neither is enough. The types of kubernetes-models
// reject a field that does not exist, as the API server does. Its validators check what types cannot: ranges, patterns and
// the requirements of a port.
import fs from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname)

/** Returns the module with the type of a manifest. Returns undefined if there is no such kind. */
function moduleOf({ apiVersion, kind }) {
  const library = String(apiVersion).startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models'
  const file = path.join(here, 'node_modules', library, `${apiVersion}/${kind}.d.ts`)
  return /^[\w./-]+$/.test(`${apiVersion}/${kind}`) && fs.existsSync(file) ? `${library}/${apiVersion}/${kind}` : undefined
}

/**
 * Checks manifests against the types. Returns an array of messages for each, which is empty for a valid one. It checks all
 * at once, because a start of the compiler takes seconds. A patch may leave out required fields.
 */
export function typeProblems(manifests) {
  const lines = ['type Part<T> = T extends object ? { [K in keyof T]?: Part<T[K]> } : T']
  const ranges = []
  const problems = manifests.map(() => [])
  manifests.forEach(({ document, patch }, i) => {
    const module = moduleOf(document)
    if (!module) {
      problems[i].push(`there is no kind ${document.kind} in ${document.apiVersion}`)
      return
    }
    const type = `import(${JSON.stringify(module)}).I${document.kind}`
    const source = `export const m${i}: ${patch ? `Part<${type}>` : type} = ${JSON.stringify(document, null, 1)}`
    ranges.push({ i, from: lines.length, to: lines.length + source.split('\n').length })
    lines.push(...source.split('\n'))
  })

  // The file is next to node_modules, where the compiler looks for types. It is never written.
  const file = path.join(here, 'manifests.ts')
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = name => path.resolve(name) === file || fileExists(name)
  host.getSourceFile = (name, version, ...rest) =>
    path.resolve(name) === file
      ? ts.createSourceFile(name, lines.join('\n'), version, true)
      : getSourceFile(name, version, ...rest)
  const program = ts.createProgram([file], options, host)
  const source = program.getSourceFile(file)
  const broken = [...program.getOptionsDiagnostics(), ...program.getSyntacticDiagnostics(source)]
  if (broken.length > 0) {
    throw new Error(broken.map(d => ts.flattenDiagnosticMessageText(d.messageText, '\n')).join('\n'))
  }
  for (const diagnostic of program.getSemanticDiagnostics(source)) {
    const { line } = source.getLineAndCharacterOfPosition(diagnostic.start)
    const { i } = ranges.find(({ from, to }) => line >= from && line < to)
    // The innermost message names the field. The others repeat the type.
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n').split('\n').at(-1).trim()
    problems[i].push(`${lines[line].trim()}: ${text}`)
  }
  return problems
}

/** Returns the messages of the validators for a complete manifest. */
export async function validatorProblems(document) {
  const module = moduleOf(document)
  if (!module) {
    return []
  }
  const { [document.kind]: Model } = await import(module)
  try {
    new Model(document).validate()
    return []
  } catch (e) {
    return [e.message]
  }
}
