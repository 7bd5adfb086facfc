// The Collector with the components of Faultline. The rest of this program is generated from builder-config.yaml.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

// The Collector reads its configuration again on SIGHUP once it runs. A SIGHUP while it starts or stops would end the
// process, and systemd counts that as a clean end, after which it does not start it again. Such a signal does nothing:
// the configuration was just read.
func init() { signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) }
