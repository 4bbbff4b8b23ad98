// Command tools checks what the ledger makes with Go libraries that know nothing of it. It is a peer in tests.
//
//	tools fsck PLACE VKEY                    Tessera's fsck over a tlog-tiles log; prints nothing
//	tools cosigned CHECKPOINT VKEY COSIGNER  transparency-dev/formats: log signature and cosignature; prints its time
//	tools proof PROOF POLICY ENTRY           torchwood, and formats with transparency-dev/merkle: a .tlog-proof file
//	tools statement STATEMENT KEY            veraison/go-cose: a COSE_Sign1 statement; prints its payload
//	tools receipt RECEIPT ENTRY KEY          go-cose and merkle: an RFC 9942 receipt of an entry; prints its root
//	tools agent SOCKET SEED                  an ssh-agent with one Ed25519 key; prints its fingerprint
//
// PLACE is an address; KEY and SEED are 32 bytes in hex; the others are files, and COSIGNER and VKEY keys as text.
package main

import (
	"errors"
	"fmt"
	"os"
)

var commands = map[string]struct {
	arguments int
	run       func(args []string) error
}{
	"fsck":      {2, checkLog},
	"cosigned":  {3, checkCosignature},
	"proof":     {3, checkProof},
	"statement": {2, checkStatement},
	"receipt":   {3, checkReceipt},
	"agent":     {2, serveAgent},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tools:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("which command?")
	}
	command, known := commands[args[0]]
	if !known || len(args) != command.arguments+1 {
		return fmt.Errorf("there is no command %q with %d arguments", args[0], len(args)-1)
	}
	return command.run(args[1:])
}
