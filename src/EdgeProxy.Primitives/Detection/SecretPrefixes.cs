using System;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>What a kind of secret begins with, and how many letters, digits, _ and - follow at least.</summary>
/// <param name="HasDots">What follows may have dots.</param>
internal readonly record struct SecretPrefix(byte[] Bytes, int More, bool HasDots);

/// <summary>Keys and tokens of well-known issuers.</summary>
internal static class SecretPrefixes
{
    /// <summary>A longer beginning before a shorter one.</summary>
    public static readonly SecretPrefix[] All =
    [
        Of("sk-ant-", 20), Of("sk-proj-", 20), Of("sk-or-", 20), Of("sk-", 20), Of("sk_live_", 16), Of("rk_live_", 16),
        Of("sk_test_", 16), Of("whsec_", 24), Of("AKIA", 16), Of("ASIA", 16), Of("ABIA", 16), Of("ghp_", 36),
        Of("gho_", 36), Of("ghu_", 36), Of("ghs_", 36), Of("ghr_", 36), Of("github_pat_", 40), Of("glpat-", 20),
        Of("xoxb-", 20), Of("xoxp-", 20), Of("xoxa-", 20), Of("xoxr-", 20), Of("xoxs-", 20), Of("xapp-", 20),
        Of("AIza", 35), Of("ya29.", 20, true), Of("GOCSPX-", 20), Of("hf_", 30), Of("gsk_", 30), Of("xai-", 40),
        Of("r8_", 30), Of("pplx-", 40), Of("npm_", 36), Of("pypi-", 50), Of("dop_v1_", 60), Of("shpat_", 32),
        Of("dapi", 32), Of("hvs.", 24, true), Of("lin_api_", 40), Of("AGE-SECRET-KEY-1", 50), Of("NRAK-", 27),
        Of("glsa_", 32), Of("tskey-", 16), Of("dckr_pat_", 24), Of("figd_", 40), Of("SG.", 20, true),
    ];

    private static readonly SecretPrefix[][] ByFirst = Sort();

    /// <summary>Those that begin with a byte.</summary>
    public static ReadOnlySpan<SecretPrefix> By(byte first) => ByFirst[first];

    /// <summary>Theirs, those of private keys and of web tokens.</summary>
    public static Beginning[] Beginnings() =>
        [Beginning.Of("-----"u8), Beginning.Of("eyJ"u8), .. Array.ConvertAll(All, kind => Beginning.Of(kind.Bytes))];

    private static SecretPrefix Of(string text, int more, bool hasDots = false) =>
        new(Encoding.ASCII.GetBytes(text), more, hasDots);

    private static SecretPrefix[][] Sort()
    {
        var sorted = new SecretPrefix[256][];
        for (int first = 0; first < sorted.Length; first++)
        {
            sorted[first] = Array.FindAll(All, kind => kind.Bytes[0] == first);
        }

        return sorted;
    }
}
