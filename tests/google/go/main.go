// Google's client for Go, over gRPC and over REST: prints one line of JSON for each step, for the suite to judge.
// Arguments: `grpc` or `rest`, host and port, project. The credentials are those of the environment.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	kms "cloud.google.com/go/kms/apiv1"
	"cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/tink-crypto/tink-go-gcpkms/v2/integration/gcpkms"
	"github.com/tink-crypto/tink-go/v2/aead"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"hash/crc32"
)

func say(step string, value any) {
	line, err := json.Marshal(map[string]any{"step": step, "value": value})
	must(err)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func checked(data []byte) *wrapperspb.Int64Value {
	return wrapperspb.Int64(int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))))
}

func client(ctx context.Context, transport, at string) *kms.KeyManagementClient {
	var made *kms.KeyManagementClient
	var err error
	if transport == "rest" {
		made, err = kms.NewKeyManagementRESTClient(ctx, option.WithEndpoint("https://"+at))
	} else {
		made, err = kms.NewKeyManagementClient(ctx, option.WithEndpoint(at))
	}
	must(err)
	return made
}

func main() {
	ctx, transport, at, project := context.Background(), os.Args[1], os.Args[2], os.Args[3]
	kms := client(ctx, transport, at)
	defer kms.Close()
	place := fmt.Sprintf("projects/%s/locations/europe-west4", project)
	ring, err := kms.CreateKeyRing(ctx, &kmspb.CreateKeyRingRequest{Parent: place, KeyRingId: "go-" + transport, KeyRing: &kmspb.KeyRing{}})
	must(err)
	say("ring", ring.Name)
	key, err := kms.CreateCryptoKey(ctx, &kmspb.CreateCryptoKeyRequest{Parent: ring.Name, CryptoKeyId: "k",
		CryptoKey: &kmspb.CryptoKey{Purpose: kmspb.CryptoKey_ENCRYPT_DECRYPT, Labels: map[string]string{"env": "test"}}})
	must(err)
	say("key", []any{key.Name, key.Purpose.String(), key.Primary.State.String(), key.Labels})

	plain, bound := []byte("4111 1111"), []byte("invoice 17")
	sealed, err := kms.Encrypt(ctx, &kmspb.EncryptRequest{Name: key.Name, Plaintext: plain, PlaintextCrc32C: checked(plain),
		AdditionalAuthenticatedData: bound, AdditionalAuthenticatedDataCrc32C: checked(bound)})
	must(err)
	say("checked", []bool{sealed.VerifiedPlaintextCrc32C, sealed.VerifiedAdditionalAuthenticatedDataCrc32C,
		sealed.CiphertextCrc32C.Value == checked(sealed.Ciphertext).Value})
	opened, err := kms.Decrypt(ctx, &kmspb.DecryptRequest{Name: key.Name, Ciphertext: sealed.Ciphertext, AdditionalAuthenticatedData: bound})
	must(err)
	say("opened", string(opened.Plaintext))
	_, err = kms.Decrypt(ctx, &kmspb.DecryptRequest{Name: key.Name, Ciphertext: sealed.Ciphertext})
	refused("bound to other data", err)
	_, err = kms.GetCryptoKey(ctx, &kmspb.GetCryptoKeyRequest{Name: ring.Name + "/cryptoKeys/none"})
	refused("no such key", err)

	names, keys := []string{}, kms.ListCryptoKeys(ctx, &kmspb.ListCryptoKeysRequest{Parent: ring.Name})
	for {
		one, err := keys.Next()
		if err == iterator.Done {
			break
		}
		must(err)
		names = append(names, one.Name)
	}
	say("keys", names)
	sign(ctx, kms, ring.Name)
	say("envelope", envelope(ctx, transport, at, key.Name))
}

// Tink seals by a data key that the house's key wraps.
func envelope(ctx context.Context, transport, at, name string) bool {
	by, endpoint := gcpkms.TransportGRPC, at
	if transport == "rest" {
		by, endpoint = gcpkms.TransportREST, "https://"+at
	}
	uri := "gcp-kms://" + name
	client, err := gcpkms.NewClient(ctx, uri, gcpkms.WithTransport(by),
		gcpkms.WithGoogleAPIClientOptions(option.WithEndpoint(endpoint)))
	must(err)
	remote, err := client.GetAEAD(uri)
	must(err)
	sealer := aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), remote)
	plain, bound := []byte("4111 1111"), []byte("invoice 17")
	sealed, err := sealer.Encrypt(plain, bound)
	must(err)
	opened, err := sealer.Decrypt(sealed, bound)
	must(err)
	_, other := sealer.Decrypt(sealed, []byte("invoice 18"))
	return string(opened) == string(plain) && other != nil
}

// A signature by a key that is in the house alone, verified by Go's own library.
func sign(ctx context.Context, kms *kms.KeyManagementClient, ring string) {
	key, err := kms.CreateCryptoKey(ctx, &kmspb.CreateCryptoKeyRequest{Parent: ring, CryptoKeyId: "s",
		CryptoKey: &kmspb.CryptoKey{Purpose: kmspb.CryptoKey_ASYMMETRIC_SIGN, VersionTemplate: &kmspb.CryptoKeyVersionTemplate{
			Algorithm: kmspb.CryptoKeyVersion_EC_SIGN_P256_SHA256}}})
	must(err)
	version := key.Name + "/cryptoKeyVersions/1"
	for {
		one, err := kms.GetCryptoKeyVersion(ctx, &kmspb.GetCryptoKeyVersionRequest{Name: version})
		must(err)
		if one.State == kmspb.CryptoKeyVersion_ENABLED {
			break
		}
	}
	digest := sha256.Sum256([]byte("4111 1111"))
	signed, err := kms.AsymmetricSign(ctx, &kmspb.AsymmetricSignRequest{Name: version,
		Digest: &kmspb.Digest{Digest: &kmspb.Digest_Sha256{Sha256: digest[:]}}})
	must(err)
	public, err := kms.GetPublicKey(ctx, &kmspb.GetPublicKeyRequest{Name: version})
	must(err)
	block, _ := pem.Decode([]byte(public.Pem))
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	must(err)
	say("signature", ecdsa.VerifyASN1(parsed.(*ecdsa.PublicKey), digest[:], signed.Signature))
}

// What the client tells of an error: gRPC's code and the text, or over REST what it holds of them.
func refused(step string, err error) {
	told, _ := status.FromError(err)
	say(step, []string{told.Code().String(), fmt.Sprint(err)})
}
