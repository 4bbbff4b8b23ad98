package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// serveAgent answers one client after the other, which is how litewitness gets its key.
func serveAgent(args []string) error {
	seed, err := hex.DecodeString(args[1])
	if err != nil {
		return err
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: ed25519.NewKeyFromSeed(seed)}); err != nil {
		return err
	}
	signers, err := keys.Signers()
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", args[0])
	if err != nil {
		return err
	}
	fmt.Println(ssh.FingerprintSHA256(signers[0].PublicKey()))
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go agent.ServeAgent(keys, connection)
	}
}
