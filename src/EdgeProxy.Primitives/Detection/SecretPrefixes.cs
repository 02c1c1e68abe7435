using System;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>What a secret may go on with, beside letters and digits.</summary>
internal enum SecretSigns : byte
{
    /// <summary>_ and -.</summary>
    Word,

    /// <summary>Dots as well.</summary>
    Dots,

    /// <summary>What Base64 has, in either alphabet, and paths of links.</summary>
    Base64,
}

/// <summary>What a kind of secret begins with, and how many bytes of what it goes on with follow at least.</summary>
internal readonly record struct SecretPrefix(byte[] Bytes, int More, SecretSigns Signs);

/// <summary>Keys and tokens of well-known issuers, as they give them out by the end of 2026.</summary>
internal static class SecretPrefixes
{
    public static readonly SecretPrefix[] All =
    [
        // Models
        Of("sk-ant-", 20), Of("sk-proj-", 20), Of("sk-or-", 20), Of("sk-", 20), Of("AIza", 35), Dots("AQ.Ab", 30),
        Of("hf_", 30), Of("gsk_", 30), Of("xai-", 40), Of("r8_", 30), Of("pplx-", 40), Of("nvapi-", 40), Of("csk-", 40),
        Of("tgp_v1_", 40), Of("fw_", 22), Of("jina_", 50), Of("tvly-", 20), Of("lsv2_", 30),
        Base64("ABSKQmVkcm9ja0FQSUtleS", 20), Base64("bedrock-api-key-", 40),

        // Clouds
        Of("AKIA", 16), Of("ASIA", 16), Of("ABIA", 16), Of("ACCA", 16), Dots("ya29.", 20), Of("GOCSPX-", 20),
        Base64("AccountKey=", 40), Base64("SharedAccessKey=", 40), Base64("aws_secret_access_key=", 40),
        Base64("aws_secret_access_key = ", 40), Base64("AWS_SECRET_ACCESS_KEY=", 40),
        Base64("SecretAccessKey\": \"", 40), Base64("SecretAccessKey\":\"", 40), Of("dop_v1_", 60), Of("doo_v1_", 60),
        Of("dor_v1_", 60), Of("fo1_", 40), Of("HRKU-", 36), Of("sbp_", 36), Of("pscale_tkn_", 30), Of("pscale_pw_", 30),
        Of("pul-", 40),

        // Code and packages
        Of("ghp_", 36), Of("gho_", 36), Of("ghu_", 36), Of("ghs_", 36), Of("ghr_", 36), Of("github_pat_", 40),
        Dots("glpat-", 20), Dots("gldt-", 20), Dots("glrt-", 20), Dots("glcbt-", 20), Dots("glptt-", 20),
        Dots("glsoat-", 20), Dots("glagent-", 20), Of("npm_", 36), Of("pypi-", 50), Of("rubygems_", 40),
        Of("dckr_pat_", 24), Of("dckr_oat_", 24), Of("PMAK-", 50), Of("CFPAT-", 40),

        // Work and money
        Of("sk_live_", 16), Of("rk_live_", 16), Of("sk_test_", 16), Of("rk_test_", 16), Of("whsec_", 24),
        Of("sq0atp-", 20), Of("sq0csp-", 40), Of("xoxb-", 20), Of("xoxp-", 20), Of("xoxa-", 20), Of("xoxr-", 20),
        Of("xoxs-", 20), Of("xoxc-", 20), Of("xoxd-", 20), Of("xoxe-", 20), Dots("xoxe.", 20), Of("xapp-", 20),
        Base64("https://hooks.slack.com/services/", 30), Of("shpat_", 32), Of("shpss_", 32), Of("shpca_", 32),
        Of("shppa_", 32), Dots("SG.", 20), Of("lin_api_", 40), Of("figd_", 40), Of("ntn_", 40), Base64("ATATT3", 50),

        // Operations
        Of("dapi", 32), Dots("hvs.", 24), Dots("hvb.", 24), Dots("hvr.", 24), Of("NRAK-", 27), Of("glsa_", 32),
        Base64("glc_", 32), Of("sntrys_", 40), Of("sntryu_", 40), Dots("dt0c01.", 24), Of("tskey-", 16),
        Of("AGE-SECRET-KEY-1", 50),
    ];

    private static readonly SecretPrefix[][] ByFirst = Sorted();

    /// <summary>Of those, of private keys, web tokens and links with a password.</summary>
    public static Beginning[] Beginnings() =>
    [
        Beginning.Of("-----"u8), Beginning.Of("eyJ"u8), Beginning.Of("://"u8),
        .. Array.ConvertAll(All, kind => Beginning.Of(kind.Bytes)),
    ];

    /// <summary>Those that begin with a byte; a longer beginning before a shorter one.</summary>
    public static SecretPrefix[] Of(byte first) => ByFirst[first];

    private static SecretPrefix Of(string text, int more) => new(Encoding.ASCII.GetBytes(text), more, SecretSigns.Word);

    private static SecretPrefix Dots(string text, int more) =>
        new(Encoding.ASCII.GetBytes(text), more, SecretSigns.Dots);

    private static SecretPrefix Base64(string text, int more) =>
        new(Encoding.ASCII.GetBytes(text), more, SecretSigns.Base64);

    private static SecretPrefix[][] Sorted()
    {
        var sorted = new SecretPrefix[256][];
        for (int first = 0; first < sorted.Length; first++)
        {
            sorted[first] = Array.FindAll(All, kind => kind.Bytes[0] == first);
        }

        return sorted;
    }
}
