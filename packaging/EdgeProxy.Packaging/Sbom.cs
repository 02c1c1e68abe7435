using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;

namespace EdgeProxy.Packaging;

/// <summary>
/// What the binary is made of, as CycloneDX 1.6 (ECMA-424) in JSON: the packages of the lock files of src with the
/// digests that were locked, and the runtime that is compiled in.
/// </summary>
internal static class Sbom
{
    private const string Compiler = "Microsoft.DotNet.ILCompiler";

    // Used while building; nothing of them is in the binary.
    private static readonly string[] BuildOnly =
        [Compiler, "Microsoft.NET.ILLink.Tasks", "Microsoft.CodeAnalysis.BannedApiAnalyzers"];

    public static byte[] Write(Release release)
    {
        List<LockedPackage> packages = LockedPackage.ReadAll(release.Root);
        string runtime = packages.First(p => p.Name == Compiler).Version;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("bomFormat", "CycloneDX");
            json.WriteString("specVersion", "1.6");
            json.WriteString("serialNumber", $"urn:uuid:{SerialOf(release)}");
            json.WriteNumber("version", 1);
            WriteMetadata(json, release);
            json.WriteStartArray("components");
            WriteRuntime(json, release.Platform, runtime);
            foreach (LockedPackage package in packages.Where(p => !BuildOnly.Contains(p.Name)))
            {
                WritePackage(json, package);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    // Of what is described, so that the same binary has the same document.
    private static Guid SerialOf(Release release)
    {
        byte[] digest = SHA256.HashData(release.Binary);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80); // RFC 9562 section 5.8: version 8, made our own way
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest.AsSpan(0, 16), bigEndian: true);
    }

    private static void WriteMetadata(Utf8JsonWriter json, Release release)
    {
        json.WriteStartObject("metadata");
        json.WriteString("timestamp", release.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"));
        json.WriteStartObject("component");
        json.WriteString("type", "application");
        json.WriteString("bom-ref", "edgeproxy");
        json.WriteString("name", "edgeproxy");
        json.WriteString("version", release.Version);
        json.WriteStartArray("hashes");
        WriteHash(json, "SHA-256", Convert.ToHexStringLower(SHA256.HashData(release.Binary)));
        json.WriteEndArray();
        WriteLicense(json, "Apache-2.0");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRuntime(Utf8JsonWriter json, Platform platform, string version)
    {
        string name = $"Microsoft.NETCore.App.Runtime.NativeAOT.{platform.Runtime}";
        json.WriteStartObject();
        json.WriteString("type", "framework");
        json.WriteString("bom-ref", $"pkg:nuget/{name}@{version}");
        json.WriteString("name", name);
        json.WriteString("version", version);
        WriteLicense(json, "MIT");
        json.WriteString("purl", $"pkg:nuget/{name}@{version}");
        json.WriteEndObject();
    }

    private static void WritePackage(Utf8JsonWriter json, LockedPackage package)
    {
        string reference = $"pkg:nuget/{package.Name}@{package.Version}";
        json.WriteStartObject();
        json.WriteString("type", "library");
        json.WriteString("bom-ref", reference);
        json.WriteString("name", package.Name);
        json.WriteString("version", package.Version);
        json.WriteStartArray("hashes");
        WriteHash(json, "SHA-512", Convert.ToHexStringLower(Convert.FromBase64String(package.ContentHash)));
        json.WriteEndArray();
        if (package.License() is { } license)
        {
            WriteLicense(json, license);
        }

        json.WriteString("purl", reference);
        json.WriteEndObject();
    }

    private static void WriteHash(Utf8JsonWriter json, string algorithm, string content)
    {
        json.WriteStartObject();
        json.WriteString("alg", algorithm);
        json.WriteString("content", content);
        json.WriteEndObject();
    }

    private static void WriteLicense(Utf8JsonWriter json, string expression)
    {
        json.WriteStartArray("licenses");
        json.WriteStartObject();
        json.WriteString("expression", expression);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
