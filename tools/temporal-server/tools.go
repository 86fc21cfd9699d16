//go:build tools

// Package tools pins the Temporal command line, whose `server start-dev` is the development server that Refit
// builds where it can be neither found nor downloaded. The module adds the one `replace` that upstream's own
// go.mod keeps local, so that the build works through the module proxy.
package tools

import _ "github.com/temporalio/cli/cmd/temporal"
