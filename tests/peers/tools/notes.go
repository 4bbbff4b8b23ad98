package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"filippo.io/torchwood"
	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	f_proof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func checkLog(args []string) error {
	address, err := url.Parse(args[0] + "/")
	if err != nil {
		return err
	}
	files, err := client.NewHTTPFetcher(address, nil)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	// Its workers stop at what they find; with more of them than there are tiles, nothing waits for one that has stopped.
	options := fsck.Opts{N: 16}
	return fsck.New(verifier.Name(), verifier, files, leavesOf, options).Check(context.Background())
}

func leavesOf(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	leaves := make([][]byte, len(entries.Entries))
	for i, entry := range entries.Entries {
		leaves[i] = rfc6962.DefaultHasher.HashLeaf(entry)
	}
	return leaves, nil
}

func checkCosignature(args []string) error {
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	log, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	cosigner, err := f_note.NewVerifierForCosignatureV1(args[2])
	if err != nil {
		return err
	}
	_, _, opened, err := f_log.ParseCheckpoint(data, log.Name(), log, cosigner)
	if err != nil {
		return err
	}
	for _, signature := range opened.Sigs {
		if signature.Name == cosigner.Name() && signature.Hash == cosigner.KeyHash() {
			time, err := f_note.CoSigV1Timestamp(signature)
			fmt.Println(time.Unix())
			return err
		}
	}
	return fmt.Errorf("%s did not cosign", cosigner.Name())
}

func checkProof(args []string) error {
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	trust, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	policy, err := torchwood.ParsePolicy(trust)
	if err != nil {
		return err
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry), data); err != nil {
		return fmt.Errorf("torchwood: %w", err)
	}
	return checkProofByFormats(data, policy, entry)
}

func checkProofByFormats(data []byte, policy torchwood.Policy, entry []byte) error {
	var found f_proof.TLogProof
	if err := found.Unmarshal(data); err != nil {
		return err
	}
	checkpoint, _, err := torchwood.VerifyCheckpoint(found.Checkpoint, policy)
	if err != nil {
		return err
	}
	path := make([][]byte, len(found.Hashes))
	for i := range found.Hashes {
		path[i] = found.Hashes[i][:]
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(entry)
	size := uint64(checkpoint.N)
	return proof.VerifyInclusion(rfc6962.DefaultHasher, found.Index, size, leaf, path, checkpoint.Hash[:])
}
