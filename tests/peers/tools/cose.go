package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/fxamacker/cbor/v2"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/veraison/go-cose"
)

// Labels of RFC 9942.
const (
	labelStructure = int64(395)
	labelProofs    = int64(396)
	labelInclusion = int64(-1)
	rfc9162SHA256  = int64(1)
)

func checkStatement(args []string) error {
	message, verifier, err := readSigned(args[0], args[1])
	if err != nil {
		return err
	}
	if err := message.Verify(nil, verifier); err != nil {
		return err
	}
	_, err = os.Stdout.Write(message.Payload)
	return err
}

func checkReceipt(args []string) error {
	message, verifier, err := readSigned(args[0], args[2])
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	if message.Headers.Protected[labelStructure] != rfc9162SHA256 || message.Payload != nil {
		return errors.New("not a receipt of RFC 9162 with a detached root")
	}
	found, err := inclusion(message.Headers.Unprotected)
	if err != nil {
		return err
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(entry)
	root, err := proof.RootFromInclusionProof(rfc6962.DefaultHasher, found.Index, found.Size, leaf, found.Path)
	if err != nil {
		return err
	}
	message.Payload = root
	if err := message.Verify(nil, verifier); err != nil {
		return err
	}
	fmt.Printf("%x\n", root)
	return nil
}

type inclusionProof struct {
	_     struct{} `cbor:",toarray"`
	Size  uint64
	Index uint64
	Path  [][]byte
}

func inclusion(header cose.UnprotectedHeader) (inclusionProof, error) {
	var found inclusionProof
	proofs, isMap := header[labelProofs].(map[any]any)
	if !isMap {
		return found, errors.New("the receipt has no proofs")
	}
	all, isList := proofs[labelInclusion].([]any)
	if !isList || len(all) != 1 {
		return found, errors.New("the receipt does not have one proof of inclusion")
	}
	data, isBytes := all[0].([]byte)
	if !isBytes {
		return found, errors.New("the proof is not in a byte string")
	}
	return found, cbor.Unmarshal(data, &found)
}

func readSigned(path, key string) (*cose.Sign1Message, cose.Verifier, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	raw, err := hex.DecodeString(key)
	if err != nil {
		return nil, nil, err
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, ed25519.PublicKey(raw))
	if err != nil {
		return nil, nil, err
	}
	var message cose.Sign1Message
	return &message, verifier, message.UnmarshalCBOR(data)
}
