// Checks the manifests, docker-compose.yml and the Dockerfile. ../README.md describes the checks. Prints the problems and
// exits with 1, or exits with 0.
//
//   node check.mjs [the output of kubectl kustomize, as files]
import fs from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import dockerfile from 'dockerfile-utils'
import { parse, parseAllDocuments } from 'yaml'
import { breaks, rules } from './rules.mjs'
import { typeProblems, validatorProblems } from './schema.mjs'

const here = path.dirname(new URL(import.meta.url).pathname)
const kubernetes = path.join(here, '..')
const root = path.join(kubernetes, '../..')
const read = (...file) => fs.readFileSync(path.join(...file), 'utf8')
const copy = value => structuredClone(value)

let wrong = 0
function complain(where, messages) {
  for (const message of messages) {
    console.error(`${where}: ${message}`)
    wrong++
  }
}

/** Returns all documents of a YAML file. Kubernetes reads YAML 1.1, in which "on" is true and 0440 is 288. */
function documentsOf(...file) {
  return parseAllDocuments(read(...file), { version: '1.1', uniqueKeys: true, prettyErrors: true }).map(document => {
    complain(path.basename(file.at(-1)), document.errors.map(e => e.message))
    return document.toJS()
  })
}

/** The keys of these fields are free, so none can be misspelt. */
const FREE = new Set(['labels', 'annotations', 'matchLabels', 'selector', 'data', 'stringData', 'limits', 'requests'])

/** Returns copies of the manifest, each with one misspelt field. */
function misspelt(document) {
  const variants = []
  const walk = (value, at) => {
    if (typeof value !== 'object' || value === null) {
      return
    }
    for (const key of Object.keys(value)) {
      const isFree = FREE.has(at.at(-1)) && !('matchLabels' in value)
      if (!Array.isArray(value) && !isFree) {
        const variant = copy(document)
        const parent = at.reduce((node, step) => node[step], variant)
        parent[`${key}s`] = parent[key]
        delete parent[key]
        variants.push({ field: [...at, key].join('.'), document: variant })
      }
      walk(value[key], [...at, key])
    }
  }
  walk(document, [])
  return variants
}

// The manifests.
const files = ['.', 'monitoring', 'tls']
  .flatMap(folder => fs.readdirSync(path.join(kubernetes, folder)).map(name => path.join(folder, name)))
  .filter(name => name.endsWith('.yaml') && path.basename(name) !== 'kustomization.yaml')
const manifests = files.flatMap(name =>
  documentsOf(kubernetes, name).map(document => ({ name, document, patch: path.dirname(name) === 'tls' })),
)
const rendered = process.argv.slice(2).flatMap(file =>
  documentsOf(file).map(document => ({ name: `kustomize, ${path.basename(file)}`, document, patch: false })),
)

const all = [...manifests, ...rendered]
typeProblems(all).forEach((messages, i) => complain(all[i].name, messages))
for (const { name, document, patch } of all) {
  if (!patch) {
    complain(name, await validatorProblems(document))
  }
}

// The schemas must find a misspelt field. Otherwise the check above shows nothing.
const mutants = manifests.flatMap(({ name, document, patch }) =>
  misspelt(document).map(mutant => ({ ...mutant, name, patch })),
)
typeProblems(mutants).forEach((messages, i) => {
  if (messages.length === 0) {
    complain(mutants[i].name, [`a misspelt ${mutants[i].field} was not found`])
  }
})

// Each kustomization names existing files, and each file belongs to one.
for (const folder of ['.', 'monitoring', 'tls']) {
  const kustomization = documentsOf(kubernetes, folder, 'kustomization.yaml')[0]
  const named = [...(kustomization.resources ?? []), ...(kustomization.patches ?? []).map(patch => patch.path)]
  const there = files.filter(name => path.dirname(name) === folder).map(name => path.basename(name))
  complain(
    path.join(folder, 'kustomization.yaml'),
    [
      ...named.filter(name => !there.includes(name)).map(name => `there is no ${name}`),
      ...there.filter(name => !named.includes(name) && name !== 'secrets.example.yaml').map(name => `${name} is left out`),
    ],
  )
}

// The rules that no schema has.
const variables = text => new Map([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
const inputs = {
  documents: [
    ...manifests.filter(m => !m.patch && m.name !== 'secrets.example.yaml').map(m => m.document),
    { kind: 'ConfigMap', metadata: { name: documentsOf(kubernetes, 'kustomization.yaml')[0].configMapGenerator[0].name } },
  ],
  secrets: manifests.filter(m => m.name === 'secrets.example.yaml').map(m => m.document),
  settings: variables(read(kubernetes, 'settings.env')),
  known: new Set(variables(read(root, '.env.example').replace(/^# (?=[A-Z_]+=)/gm, '')).keys()),
  paths: Object.keys(documentsOf(root, 'openapi.yaml')[0].paths),
  // The last stage is the image.
  user: [...read(root, 'Dockerfile').matchAll(/^USER (\S+)$/gm)].at(-1)[1],
}
let broken = 0
// A rule that throws has found a problem as well.
function problemsOf(rule, inputs) {
  try {
    return rule(inputs)
  } catch (e) {
    return [String(e)]
  }
}
for (const [name, rule] of Object.entries(rules)) {
  complain(name, problemsOf(rule, inputs))
  for (const change of breaks[name]) {
    const changed = copy(inputs)
    change(changed)
    broken++
    if (problemsOf(rule, changed).length === 0) {
      complain(name, [`not found: ${change}`])
    }
  }
}

// docker-compose.yml.
const compose = parse(read(root, 'docker-compose.yml'), { merge: true })
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
const { $schema, ...composeSchema } = JSON.parse(read(here, 'node_modules/dclint/schemas/compose.schema.json'))
const validate = ajv.compile(composeSchema)
const composeProblems = file =>
  validate(file) ? [] : validate.errors.map(e => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)
complain('docker-compose.yml', composeProblems(compose))
complain(
  'docker-compose.yml',
  Object.keys(compose['x-coordinator'].environment)
    .filter(name => !inputs.known.has(name))
    .map(name => `.env.example has no ${name}`),
)
for (const service of Object.keys(compose.services)) {
  for (const field of Object.keys(compose.services[service])) {
    const changed = copy(compose)
    changed.services[service][`${field}s`] = changed.services[service][field]
    delete changed.services[service][field]
    broken++
    if (composeProblems(changed).length === 0) {
      complain('docker-compose.yml', [`a misspelt ${service}.${field} was not found`])
    }
  }
}

// The Dockerfile.
const dockerfileProblems = text => dockerfile.validate(text).map(d => `line ${d.range.start.line + 1}: ${d.message}`)
const image = read(root, 'Dockerfile')
complain('Dockerfile', dockerfileProblems(image))
for (const instruction of new Set(image.match(/^[A-Z]+(?= )/gm))) {
  broken++
  if (dockerfileProblems(image.replace(new RegExp(`^${instruction} `, 'm'), `${instruction}S `)).length === 0) {
    complain('Dockerfile', [`a misspelt ${instruction} was not found`])
  }
}

// The images of both have an exact version, for readers, and the digest, which decides.
const floating = names => names.filter(name => !/^[\w./-]+:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/.test(name))
const stages = [...image.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name)
const images = [
  ...[...image.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name).filter(name => !stages.includes(name)),
  ...Object.values(compose.services).flatMap(service => service.image ?? []),
]
complain('Dockerfile and docker-compose.yml', floating(images).map(name => `${name} is not pinned to a version and a digest`))
for (const name of images) {
  for (const changed of [name.split('@')[0], name.replace(/\.[\w.-]*@/, '@'), name.slice(0, -1)]) {
    broken++
    if (floating([changed]).length === 0) {
      complain('Dockerfile and docker-compose.yml', [`not found: ${changed} floats`])
    }
  }
}

// The other containers are hardened like the coordinator.
const unhardened = services =>
  Object.entries(services)
    .filter(
      ([, s]) =>
        !(
          s.read_only === true &&
          s.cap_drop?.includes('ALL') &&
          !s.cap_add &&
          s.security_opt?.includes('no-new-privileges:true') &&
          s.mem_limit &&
          s.pids_limit &&
          (s.build || /^[1-9]\d*:[1-9]\d*$/.test(s.user ?? ''))
        ),
    )
    .map(([name]) => `${name} may do more than it needs`)
complain('docker-compose.yml', unhardened(compose.services))
for (const field of ['read_only', 'cap_drop', 'security_opt', 'mem_limit', 'pids_limit', 'user']) {
  const changed = copy(compose.services)
  delete changed.postgres[field]
  broken++
  if (unhardened(changed).length === 0) {
    complain('docker-compose.yml', [`not found: postgres without ${field}`])
  }
}

// The memory that a server needs beside its heap, according to coordinator.jvm, with a reserve.
const options = read(root, 'coordinator.jvm')
const BESIDE_HEAP_MIB = 240
const mib = limit => {
  const [, number, unit] = limit.match(/^(\d+)([MGmg])i?$/)
  return number * (unit.toUpperCase() === 'G' ? 1024 : 1)
}
const limits = [
  '512Mi', // The minimum that docs/operations.md, "Sizing", names.
  compose['x-coordinator'].mem_limit,
  ...all.filter(({ document }) => document.kind === 'Deployment').flatMap(
    ({ document }) => document.spec.template.spec.containers[0].resources?.limits.memory ?? [],
  ),
]
const tooSmall = (text, limits) => {
  const percent = Number(text.match(/^-XX:MaxRAMPercentage=(\d+)$/m)[1])
  const direct = /^-XX:MaxDirectMemorySize=64m$/m.test(text)
  return limits.filter(limit => !direct || (mib(limit) * (100 - percent)) / 100 < BESIDE_HEAP_MIB)
}
complain('Dockerfile', /^ENTRYPOINT .*"@\/app\/coordinator\.jvm"/m.test(image) ? [] : ['the options of coordinator.jvm are not used'])
complain('coordinator.jvm', tooSmall(options, limits).map(limit => `a container of ${limit} has no room beside its heap`))
for (const change of [/Percentage=\d+/, /64m/]) {
  broken++
  if (tooSmall(options.replace(change, 'Percentage=75'), limits).length === 0) {
    complain('coordinator.jvm', [`not found: ${change} is wrong`])
  }
}

console.log(
  `${manifests.length} manifests, ${rendered.length} of kustomize, ${Object.keys(rules).length} rules, docker-compose.yml and` +
    ` Dockerfile checked; of ${mutants.length + broken} deliberate faults each was to be found.`,
)
console.log(wrong === 0 ? 'All checks passed.' : `${wrong} problems.`)
process.exit(wrong === 0 ? 0 : 1)
