// Whether manifests are what Kubernetes takes. Two nets, since neither is enough: the types of kubernetes-models, in which
// a field that does not exist is an error, as it is in the API server; and its validators, which know what types do not:
// ranges, patterns, what is required of a port.
import fs from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname)

/** The module that has the type of a manifest; undefined if there is no such kind. */
function moduleOf({ apiVersion, kind }) {
  const library = String(apiVersion).startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models'
  const file = path.join(here, 'node_modules', library, `${apiVersion}/${kind}.d.ts`)
  return /^[\w./-]+$/.test(`${apiVersion}/${kind}`) && fs.existsSync(file) ? `${library}/${apiVersion}/${kind}` : undefined
}

/**
 * What the types say against each of some manifests: an array of messages each, empty for a good one. All at once, since
 * a start of the compiler takes seconds. A patch may leave out what the whole must have.
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

  // Beside node_modules, where the compiler looks for the types; it is never written.
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
    // The innermost message names the field; those above it repeat the type.
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n').split('\n').at(-1).trim()
    problems[i].push(`${lines[line].trim()}: ${text}`)
  }
  return problems
}

/** What the validators say against a whole manifest. */
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
