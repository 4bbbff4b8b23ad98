// Command sumdb reads a tlog-tiles log with the packages that Go's checksum database uses, golang.org/x/mod/sumdb, and
// writes small logs with them. It is a peer of the ledger in tests: nothing in it is from the ledger.
//
//	sumdb read FOLDER VKEY      open the checkpoint, prove every entry and every earlier tree out of the tiles
//	sumdb write FOLDER NAME N   a log of N entries ("entry 0", ...), checkpoint and tiles; prints its vkey
//	sumdb key NAME              prints a fresh private key and the vkey of it, a line each
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const width = 1 << height

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sumdb:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "read":
		return read(folder(args[1]), args[2])
	case len(args) == 4 && args[0] == "write":
		count, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		return write(folder(args[1]), args[2], count)
	case len(args) == 2 && args[0] == "key":
		private, public, err := note.GenerateKey(rand.Reader, args[1])
		fmt.Printf("%s\n%s\n", private, public)
		return err
	}
	return errors.New("usage: sumdb read FOLDER VKEY | write FOLDER NAME N | key NAME")
}

// folder holds the files of a log.
type folder string

func (f folder) get(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
}

func (f folder) put(path string, data []byte) error {
	file := filepath.Join(string(f), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// tilePath is the path of C2SP tlog-tiles, which has no height in it.
func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	if rest, isData := strings.CutPrefix(path, "data/"); isData {
		return "tile/entries/" + rest
	}
	return "tile/" + path
}

// tiles are those of a folder; the ones that tlog has authenticated are kept.
type tiles struct {
	from folder
	kept map[tlog.Tile][]byte
}

func (t tiles) Height() int { return height }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		data, isKept := t.kept[tile]
		if !isKept {
			var err error
			if data, err = t.from.get(tilePath(tile)); err != nil {
				return nil, err
			}
		}
		found[i] = data
	}
	return found, nil
}

func (t tiles) SaveTiles(authentic []tlog.Tile, data [][]byte) {
	for i, tile := range authentic {
		t.kept[tile] = data[i]
	}
}

func read(from folder, vkey string) error {
	tree, err := from.checkpoint(vkey)
	if err != nil {
		return err
	}
	entries, err := from.entries(tree.N)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles{from, map[tlog.Tile][]byte{}})
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	for size := int64(1); size <= tree.N; size++ {
		earlier, err := tlog.TreeHash(size, reader)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, size, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, earlier); err != nil {
			return fmt.Errorf("tree of %d: %w", size, err)
		}
	}
	fmt.Printf("%d %s\n", tree.N, tree.Hash)
	return nil
}

func (f folder) checkpoint(vkey string) (tlog.Tree, error) {
	data, err := f.get("checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func (f folder) entries(size int64) ([][]byte, error) {
	var all [][]byte
	for first := int64(0); first < size; first += width {
		tile := tlog.Tile{H: height, L: -1, N: first / width, W: int(min(size-first, width))}
		data, err := f.get(tilePath(tile))
		if err != nil {
			return nil, err
		}
		for range tile.W {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends within an entry", tilePath(tile))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all, data = append(all, data[2:end]), data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s has bytes behind its entries", tilePath(tile))
		}
	}
	return all, nil
}

// hashes are those of a log in memory, as tlog stores them.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

func write(to folder, name string, count int) error {
	var stored hashes
	bundles := map[int64][]byte{}
	for index := range int64(count) {
		entry := fmt.Appendf(nil, "entry %d", index)
		more, err := tlog.StoredHashes(index, entry, stored)
		if err != nil {
			return err
		}
		stored = append(stored, more...)
		bundle := binary.BigEndian.AppendUint16(bundles[index/width], uint16(len(entry)))
		bundles[index/width] = append(bundle, entry...)
	}
	for _, tile := range tlog.NewTiles(height, 0, int64(count)) {
		data, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		if err := to.put(tilePath(tile), data); err != nil {
			return err
		}
	}
	for number, data := range bundles {
		tile := tlog.Tile{H: height, L: -1, N: number, W: min(count-int(number)*width, width)}
		if err := to.put(tilePath(tile), data); err != nil {
			return err
		}
	}
	return writeCheckpoint(to, name, int64(count), stored)
}

func writeCheckpoint(to folder, name string, size int64, stored hashes) error {
	root, err := tlog.TreeHash(size, stored)
	if err != nil {
		return err
	}
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", name, size, base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	fmt.Println(public)
	return to.put("checkpoint", signed)
}
