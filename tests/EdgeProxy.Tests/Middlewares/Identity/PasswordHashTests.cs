using EdgeProxy.Middlewares.Identity;
using Xunit;

namespace EdgeProxy.Tests.Middlewares.Identity;

/// <summary>Hashes made by others: htpasswd (Apache 2.4), passlib 1.7, and the vectors of OpenBSD's bcrypt.</summary>
public class PasswordHashTests
{
    [Theory]
    [InlineData("$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine")]
    [InlineData("$2b$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine")]
    [InlineData("$2y$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine")]
    [InlineData("$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk", "toomanysecrets")]
    public void Verify_OthersHash_TakesThePasswordAndNoOther(string text, string password)
    {
        Assert.Null(PasswordHash.Refusal(text, out PasswordHash? hash));

        Assert.True(hash!.Verify(password));
        Assert.False(hash.Verify(password + "x"));
        Assert.False(hash.Verify(""));
    }

    [Fact]
    public void Create_OwnHash_IsReadAgain()
    {
        string text = PasswordHash.Create("päss wörd").ToString();

        Assert.Null(PasswordHash.Refusal(text, out PasswordHash? hash));
        Assert.True(hash!.Verify("päss wörd"));
        Assert.NotEqual(text, PasswordHash.Create("päss wörd").ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("password")]
    [InlineData("$apr1$rOioh4Wh$AP4QmAUzRlKrJNyaTqaPQ1")]
    [InlineData("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=")]
    [InlineData("$2y$03$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga")]
    [InlineData("$2y$31$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga")]
    [InlineData("$2y$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcg")]
    [InlineData("$2y$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDc!a")]
    [InlineData("$2x$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga")]
    [InlineData("$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ")]
    [InlineData("$pbkdf2-sha256$9$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk")]
    [InlineData("$pbkdf2-md5$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk")]
    [InlineData("$pbkdf2-sha256$29000$!$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk")]
    [InlineData("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA")]
    public void Refusal_NoSlowHash_SaysWhyAndQuotesNothing(string text)
    {
        string? why = PasswordHash.Refusal(text, out PasswordHash? hash);

        Assert.NotNull(why);
        Assert.Null(hash);
        Assert.True(text.Length == 0 || !why.Contains(text, System.StringComparison.Ordinal));
    }
}
