using EdgeProxy.Primitives.Http;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// What of an exchange's bodies is read whole because a middleware asked for it, and the memory that takes. Bytes stay
/// in the block they were read into, behind their head, and are handed on from there. Belongs to its exchange.
/// </summary>
internal sealed class WholeBodies
{
    /// <summary>Longest body: with its framing it has to fit into one block.</summary>
    public const int BytesMax = 16 * 1024 * 1024;

    // Chunks of one byte take six; who sends few bytes at a time need not be refused for it.
    private const int FramingBytesMin = 64 * 1024;

    private BodyBudget? _requestBudget;
    private BodyBudget? _answerBudget;
    private int _requestCharged;
    private int _answerCharged;

    /// <summary>Waits for the request's body; null if none does.</summary>
    public Middleware? Reader { get; private set; }

    /// <summary>Payload bytes of the request, at most.</summary>
    public int RequestBytesMax { get; private set; }

    /// <summary>The request's body is here, to its end.</summary>
    public bool HasRequest { get; private set; }

    /// <summary>Payload bytes of the answer, at most; 0 if it is passed on as it comes.</summary>
    public int AnswerBytesMax { get; private set; }

    /// <summary>A longer answer is none; else it is passed on as it comes.</summary>
    public bool RefusesLongerAnswer { get; private set; }

    /// <summary>The answer is being read, and nothing of it was passed on.</summary>
    public bool IsReadingAnswer { get; set; }

    /// <summary>The answer is here, to its end.</summary>
    public bool HasAnswer { get; set; }

    /// <summary>Bytes in memory that a body of so many may take, framing included.</summary>
    public static int KeptBytesMax(int bytesMax) => (2 * bytesMax) + FramingBytesMin;

    /// <summary>
    /// The same, and what one step may take more: whoever looks between steps never loses the head for want of room.
    /// </summary>
    public static int RoomBytesMax(int bytesMax, Primitives.Http.MessageHead message) =>
        FramingBytesMin + (message.Framing == BodyFraming.ContentLength && message.ContentLength <= bytesMax
            ? (int)message.ContentLength
            : KeptBytesMax(bytesMax));

    /// <summary>The request's body is wanted.</summary>
    public void WantRequest(Middleware reader, int bytesMax, BodyBudget budget)
    {
        Reader = reader;
        RequestBytesMax = bytesMax;
        _requestBudget = budget;
    }

    /// <summary>It is there, or will not be.</summary>
    public void EndReading(bool isWhole)
    {
        Reader = null;
        HasRequest = isWhole;
    }

    /// <summary>The request's body takes no memory here any more: somebody else has it.</summary>
    public void GiveRequest() => Give(_requestBudget, ref _requestCharged);

    /// <summary>The answer is wanted. Of two that want it the one with the lower limit is heard.</summary>
    public void WantAnswer(int bytesMax, bool refusesLonger, BodyBudget budget)
    {
        if (AnswerBytesMax == 0 || bytesMax < AnswerBytesMax)
        {
            AnswerBytesMax = bytesMax;
            RefusesLongerAnswer = refusesLonger;
            _answerBudget = budget;
        }
    }

    /// <summary>So much memory is in use for the request; false: more than there is.</summary>
    public bool TryChargeRequest(int bytes) => TryCharge(_requestBudget!, ref _requestCharged, bytes);

    /// <inheritdoc cref="TryChargeRequest"/>
    public bool TryChargeAnswer(int bytes) => TryCharge(_answerBudget!, ref _answerCharged, bytes);

    /// <summary>The answer is thrown away, or let through: it takes no memory any more.</summary>
    public void EndAnswer()
    {
        IsReadingAnswer = false;
        HasAnswer = false;
        Give(_answerBudget, ref _answerCharged);
    }

    public void Reset()
    {
        EndAnswer();
        Give(_requestBudget, ref _requestCharged);
        Reader = null;
        RequestBytesMax = 0;
        HasRequest = false;
        AnswerBytesMax = 0;
        RefusesLongerAnswer = false;
        _requestBudget = null;
        _answerBudget = null;
    }

    // One block of the usual size is what every body takes.
    private static bool TryCharge(BodyBudget budget, ref int charged, int bytes)
    {
        if (bytes <= charged || bytes <= BlockPool.LargeBytes)
        {
            return true;
        }

        if (!budget.TryTake(bytes - charged))
        {
            return false;
        }

        charged = bytes;
        return true;
    }

    private static void Give(BodyBudget? budget, ref int charged)
    {
        if (charged > 0)
        {
            budget!.Give(charged);
            charged = 0;
        }
    }
}
