//go:build ignore

// Writes hpke.json (README.md says what it is):
//
//	go run hpke.go "$(go env GOROOT)/src/crypto/hpke/testdata/hpke-pq.json" > hpke.json
package main

import (
	"crypto/hpke"
	"encoding/hex"
	"encoding/json"
	"log"
	"os"
)

type answer struct {
	KEM         uint16 `json:"kem_id"`
	KDF         uint16 `json:"kdf_id"`
	AEAD        uint16 `json:"aead_id"`
	Info        string `json:"info"`
	Private     string `json:"skRm"`
	Public      string `json:"pkRm"`
	Enc         string `json:"enc"`
	Encryptions []struct {
		AAD string `json:"aad"`
		CT  string `json:"ct"`
		PT  string `json:"pt"`
	} `json:"encryptions"`
}

// The draft's own, of the suites that a test can name.
func drafts(known []answer) (chosen []any) {
	for _, one := range known {
		if suite := [3]uint16{one.KEM, one.KDF, one.AEAD}; suite == [3]uint16{0x41, 1, 1} || suite == [3]uint16{0x42, 2, 2} {
			first := one.Encryptions[0]
			chosen = append(chosen, map[string]any{
				"kem_id": one.KEM, "kdf_id": one.KDF, "aead_id": one.AEAD, "info": one.Info, "skRm": one.Private,
				"enc": one.Enc, "aad": first.AAD, "ct": first.CT, "pt": first.PT})
		}
	}
	return chosen
}

// Wrapped by Go, for keys of the draft's: info and associated data are empty.
func wrapped(known []answer) (made []any) {
	kems := map[uint16]hpke.KEM{0x41: hpke.MLKEM768(), 0x42: hpke.MLKEM1024(), 0x647a: hpke.MLKEM768X25519()}
	for _, one := range known {
		kem, wanted := kems[one.KEM]
		delete(kems, one.KEM)
		if !wanted {
			continue
		}
		public, err := hex.DecodeString(one.Public)
		check(err)
		key, err := kem.NewPublicKey(public)
		check(err)
		material := []byte("thirty-two bytes of a secret key")
		sealed, err := hpke.Seal(key, hpke.HKDFSHA256(), hpke.AES256GCM(), nil, material)
		check(err)
		made = append(made, map[string]any{"kem_id": one.KEM, "skRm": one.Private, "pkRm": one.Public,
			"wrapped": hex.EncodeToString(sealed), "pt": hex.EncodeToString(material)})
	}
	return made
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var known []answer
	check(json.Unmarshal(text, &known))
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	check(out.Encode(map[string]any{
		"origin":             "draft-ietf-hpke-pq, as in Go 1.26.8; wrapped: made by its crypto/hpke for the draft's keys",
		"licence":            "BSD-3-Clause",
		"draft-ietf-hpke-pq": drafts(known),
		"wrapped":            wrapped(known),
	}))
}
