package guard

import "regexp"

// literals find what messages of gqlparser and gqlgen repeat of the caller's values, in texts of a query and in variables; beside each
// stands what is left. Names of fields, arguments and types stay: they are the schema's, or no better than a name that is not there.
var literals = []struct {
	found *regexp.Regexp
	left  string
}{
	{regexp.MustCompile(`(?s)^((?:Unexpected|.*?, found) (?:Int|Float|String|BlockString|Comment)) ".*$`), "$1"},
	{regexp.MustCompile(`(?s)^(Expected value of type "[^"]*"), found .*$`), "$1."},
	{regexp.MustCompile(`(?s)^((?:Int|Float|String|Boolean|ID|Enum "[^"]*") cannot represent [a-z0-9 -]*value): .*$`), "$1."},
	{regexp.MustCompile(`(?s)^Value ".*" does not exist in ("[^"]*" enum\.)$`), "The value does not exist in $1"},
	{regexp.MustCompile(`(?s)^(Invalid character escape sequence): .*$`), "$1."},
	{regexp.MustCompile(`(?s)^.* is not a valid ([_0-9A-Za-z]+)$`), "this is not a valid $1"},
	{regexp.MustCompile(`^cannot use (?:value )?[-+.0-9][^ ]* as `), "cannot use the value as "},
	{regexp.MustCompile(`(?s)^operation .* not found$`), "there is no operation of that name"},
}

// WithoutValues is a message about a query with nothing of the caller's values in it.
func WithoutValues(message string) string {
	for _, literal := range literals {
		message = literal.found.ReplaceAllString(message, literal.left)
	}
	return message
}
