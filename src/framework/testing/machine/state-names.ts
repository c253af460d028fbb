/**
 * The names of all states in a definition, including those inside Map and Parallel. It is `string` if the names aren't
 * known to the compiler: the definition is a path or a text, or its type has no names.
 */
export type StateName<Definition> = Definition extends { readonly States: object }
  ? NamesIn<Definition>
  : string;

type NamesIn<Machine> = Machine extends { readonly States: infer States }
  ? { [Name in keyof States & string]: Name | NamesBelow<States[Name]> }[keyof States & string]
  : never;

type NamesBelow<State> =
  | (State extends { readonly ItemProcessor: infer Processor } ? NamesIn<Processor> : never)
  | (State extends { readonly Iterator: infer Iterator } ? NamesIn<Iterator> : never)
  | (State extends { readonly Branches: readonly (infer Branch)[] } ? NamesIn<Branch> : never);
