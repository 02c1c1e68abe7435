using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;

namespace EdgeProxy.Packaging;

/// <summary>
/// A container image for all processors in one archive (OCI image layout 1.0), made without a container engine: a layer
/// of what Debian has the program need, a layer with the program. No shell, no package manager, user 65532.
/// </summary>
internal static class OciImage
{
    private const string IndexType = "application/vnd.oci.image.index.v1+json";
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

    public static string NameOf(string version) => $"edgeproxy-{version}-oci.tar";

    /// <summary>The archive; <paramref name="releases"/> are of one version, each with what lies below it.</summary>
    public static byte[] Build(IReadOnlyList<(Release Release, IReadOnlyList<PackageFile> Below)> releases)
    {
        var blobs = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var manifests = new List<(string Digest, int Size, Platform Platform)>();
        foreach ((Release release, IReadOnlyList<PackageFile> below) in releases)
        {
            byte[] manifest = AddImage(blobs, release, below);
            manifests.Add((Add(blobs, manifest), manifest.Length, release.Platform));
        }

        Release first = releases[0].Release;
        byte[] index = Index(manifests);
        string digest = Add(blobs, index);
        List<PackageFile> files =
        [
            new("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray(), PackageFile.Data),
            new("index.json", Entry(digest, index.Length, first.Version), PackageFile.Data),
            .. blobs.Select(b => new PackageFile($"blobs/sha256/{b.Key}", b.Value, PackageFile.Data)),
        ];
        return TarBytes.Pack(files, prefix: "", first.Time);
    }

    /// <summary>The layers of one processor, unpacked in order to what a container sees.</summary>
    public static byte[][] LayersOf(Release release, IReadOnlyList<PackageFile> below) =>
        [TarBytes.Pack(below, "", release.Time), TarBytes.Pack(OwnFiles(release), "", release.Time)];

    private static byte[] AddImage(
        SortedDictionary<string, byte[]> blobs, Release release, IReadOnlyList<PackageFile> below)
    {
        byte[][] tars = LayersOf(release, below);
        byte[][] layers = [.. tars.Select(TarBytes.Gzip)];
        byte[] config = Config(release, [.. tars.Select(Digest)]);
        return Json(json =>
        {
            json.WriteNumber("schemaVersion", 2);
            json.WriteString("mediaType", ManifestType);
            WriteDescriptor(json, "config", ConfigType, Add(blobs, config), config.Length);
            json.WriteStartArray("layers");
            foreach (byte[] layer in layers)
            {
                WriteDescriptor(json, null, LayerType, Add(blobs, layer), layer.Length);
            }

            json.WriteEndArray();
        });
    }

    private static IEnumerable<PackageFile> OwnFiles(Release release) => InstalledFiles.Of(release)
        .Where(f => f.Path is "usr/bin/edgeproxy" or InstalledFiles.Configuration || f.Path.EndsWith(".cdx.json"))
        .Append(new PackageFile(
            "etc/passwd", "edgeproxy:x:65532:65532::/var/lib/edgeproxy:/sbin/nologin\n"u8.ToArray(), PackageFile.Data))
        .Append(new PackageFile("etc/group", "edgeproxy:x:65532:\n"u8.ToArray(), PackageFile.Data));

    private static byte[] Config(Release release, string[] layers) => Json(json =>
    {
        json.WriteString(
            "created", release.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        json.WriteString("architecture", release.Platform.Debian);
        json.WriteString("os", "linux");
        json.WriteStartObject("config");
        json.WriteString("User", "65532:65532");
        WriteStrings(json, "Entrypoint", "/usr/bin/edgeproxy");
        WriteStrings(json, "Cmd", "run");
        WriteStrings(json, "Env", "PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt");
        json.WriteStartObject("ExposedPorts");
        json.WriteStartObject("8080/tcp");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("Healthcheck"); // Docker's; others pass it over
        WriteStrings(json, "Test", "CMD", "/usr/bin/edgeproxy", "healthcheck");
        json.WriteEndObject();
        json.WriteStartObject("Labels");
        json.WriteString("org.opencontainers.image.title", "edgeproxy");
        json.WriteString("org.opencontainers.image.version", release.Version);
        json.WriteString("org.opencontainers.image.licenses", "Apache-2.0");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("rootfs");
        json.WriteString("type", "layers");
        WriteStrings(json, "diff_ids", [.. layers.Select(l => "sha256:" + l)]);
        json.WriteEndObject();
    });

    // One name in the archive, for whatever processor it is loaded on: the index of all lies below it.
    private static byte[] Entry(string digest, int size, string version) => Json(json =>
    {
        json.WriteNumber("schemaVersion", 2);
        json.WriteString("mediaType", IndexType);
        json.WriteStartArray("manifests");
        json.WriteStartObject();
        json.WriteString("mediaType", IndexType);
        json.WriteString("digest", "sha256:" + digest);
        json.WriteNumber("size", size);
        json.WriteStartObject("annotations");
        json.WriteString("org.opencontainers.image.ref.name", version);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    });

    private static byte[] Index(List<(string Digest, int Size, Platform Platform)> manifests) =>
        Json(json =>
        {
            json.WriteNumber("schemaVersion", 2);
            json.WriteString("mediaType", IndexType);
            json.WriteStartArray("manifests");
            foreach ((string digest, int size, Platform platform) in manifests)
            {
                json.WriteStartObject();
                json.WriteString("mediaType", ManifestType);
                json.WriteString("digest", "sha256:" + digest);
                json.WriteNumber("size", size);
                json.WriteStartObject("platform");
                json.WriteString("architecture", platform.Debian);
                json.WriteString("os", "linux");
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    private static void WriteDescriptor(Utf8JsonWriter json, string? name, string type, string digest, int size)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        json.WriteString("mediaType", type);
        json.WriteString("digest", "sha256:" + digest);
        json.WriteNumber("size", size);
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, params string[] values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Digest(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Add(SortedDictionary<string, byte[]> blobs, byte[] content)
    {
        string digest = Digest(content);
        blobs[digest] = content;
        return digest;
    }
}
