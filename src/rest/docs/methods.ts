import type { Definitions } from './document.ts'

/** The methods of the routes at a path, in upper case; none if there is no route. */
export type MethodsOf = (path: string) => string[]

/** Looks the routes up in what they declare for the OpenAPI document. */
export function createMethodsOf(definitions: () => Definitions): MethodsOf {
  let routes: { method: string; pattern: RegExp }[] | undefined

  function readRoutes() {
    return definitions().flatMap((definition) => {
      if (definition.type !== 'route') return []
      const { method, path } = definition.route
      const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/{\w+}/g, '[^/]+')}$`)
      return { method: method.toUpperCase(), pattern }
    })
  }

  return (path) => {
    routes ??= readRoutes()
    const methods = routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
    return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  }
}
