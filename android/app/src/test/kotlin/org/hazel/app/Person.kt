package org.hazel.app

import java.nio.file.Path
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.io.path.absolutePathString
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.hazel.bridge.KeyStatus
import org.hazel.bridge.KeyStore
import org.hazel.bridge.Nearby
import org.hazel.bridge.Radio
import org.hazel.bridge.Side
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.wallet.Blocker

/** A phone of the tests: what the system would do is written down. Everything else is the app's own. */
class Pocket : Phone {
    val kept = mutableMapOf<String, ByteArray>()
    var picks: ByteArray? = null
    var keeps = true
    var tag: String? = null
    var shared: String? = null
    var inTheWay = emptyList<Blocker>()
    var seeking: String? = null
    var isSilent = true
    var time = 0L
    /** Of somebody new. */
    var nearby: Nearby? = null
    val radio = Beside()

    override fun millis() = time
    override fun seconds() = 1_800_000_000L
    override fun blockers() = inTheWay
    override suspend fun remedy(blocker: Blocker) { inTheWay = inTheWay - blocker }
    override fun seek(wallet: Wallet, tally: String?) { seeking = tally; isSilent = false }
    override fun introduce(wallet: Wallet, side: Side?, terms: Terms) {
        isSilent = false
        nearby = Nearby(wallet, radio).also { if (side == null) it.seekNewcomer(terms) else it.awaitNewcomer(side, terms) }
    }
    override fun codesMatch(same: Boolean) { nearby?.codesMatch(same, clock()) }
    override fun silence() { isSilent = true }
    override fun tag(link: String?) { tag = link }
    override suspend fun keep(name: String, bytes: ByteArray): Boolean {
        if (keeps) kept[name] = bytes
        return keeps
    }
    override suspend fun pick() = picks
    override fun share(text: String) { shared = text }
    override fun day(seconds: ULong) = "day ${seconds / 86_400u}"
}

private fun clock(): ULong = (System.nanoTime() / 1_000_000).toULong()

/** A radio that reaches the one phone beside it. */
class Beside : Radio {
    lateinit var me: Pocket
    lateinit var other: Pocket
    private val air = Executors.newSingleThreadScheduledExecutor { Thread(it).apply { isDaemon = true } }

    override fun connect(peer: String) = later(1) {
        other.nearby?.linkUp(1uL, "caller", 185u, false, clock())
        me.nearby?.linkUp(1uL, peer, 185u, true, clock())
    }
    override fun send(link: ULong, packet: ByteArray) = later(1) { other.nearby?.packet(link, packet, 185u, clock()) }
    override fun hangUp(link: ULong) = later(1) { for (it in listOf(me, other)) it.nearby?.linkDown(link, clock()) }
    override fun wakeAt(at: ULong) = later((at - minOf(at, clock())).toLong()) { me.nearby?.tick(clock()) }

    private fun later(milliseconds: Long, act: () -> Unit) {
        air.schedule({ runCatching(act) }, milliseconds, TimeUnit.MILLISECONDS)
    }
}

/** A key store in memory, for tests. */
object PocketKeys : KeyStore {
    override fun wrap(secret: ByteArray) = secret.reversedArray()
    override fun unwrap(wrapped: ByteArray) = wrapped.reversedArray()
    override fun delete() = Unit
    override fun status() = KeyStatus.READY
}

/** Somebody with the app in hand: reads what is shown, types, and presses. */
class Person(folder: Path, file: String, keys: KeyStore = PocketKeys) {
    val phone = Pocket()
    val hall = Hall(phone, folder.resolve(file).absolutePathString(), keys)
    /** Every sheet that was shown, with the name of its screen. */
    val seen = mutableListOf<Pair<String, Sheet>>()
    val sheet: Sheet get() = checkNotNull(hall.front).sheet.value

    fun begin(scope: CoroutineScope) {
        hall.begin(java.io.File(hall.file).exists())
        scope.launch { hall.run { seen.add(nameOf(it) to it) } }
    }

    /** The screen that shows this sheet; the front may be another by now. */
    private fun nameOf(sheet: Sheet) = hall.screens.value.firstOrNull { it.sheet.value === sheet }?.javaClass?.simpleName ?: GONE

    /** Waits until the screen shows it, and no longer than ten seconds. */
    suspend fun <T : Any> find(what: String, look: (Sheet) -> T?): T {
        repeat(1_000) {
            val (front, shown) = checkNotNull(hall.front) to sheet
            look(shown)?.let { seen.add(front.javaClass.simpleName to shown); return it }
            delay(10)
        }
        error("no $what on ${sheet.title}: ${sheet.parts}")
    }

    suspend fun sees(name: String) {
        find(name) { sheet -> (listOf(sheet.title) + sheet.parts.map { it.spoken }).firstOrNull { name in names(it) } }
    }

    suspend fun press(name: String) {
        val does = find("$name to press") { sheet ->
            sheet.parts.firstNotNullOfOrNull {
                when {
                    name !in names(it.spoken) -> null
                    it is Button && it.isOn -> it.does
                    it is Line -> it.does
                    else -> null
                }
            }
        }
        does()
    }

    suspend fun type(field: String, text: String) = find(field) { sheet -> sheet.parts.filterIsInstance<Field>().firstOrNull { it.name == field } }.takes(text)

    suspend fun turn(name: String, on: Boolean) = find(name) { sheet -> sheet.parts.filterIsInstance<Switch>().firstOrNull { name in names(it.text) } }.takes(on)

    /** Scans what another person's phone shows: the link that goes out as a tag is the code's own. */
    suspend fun scan(other: Person) {
        val shown = find("a code of the other's") { other.phone.tag }
        hall.home()
        press("scan")
        type("text", shown)
        press("read_text")
    }
}

/** The name of a screen that was left before its sheet was seen. */
internal const val GONE = "gone"

/** The names of all texts in something that is read, and the words themselves. */
fun names(said: Said): List<String> = when (said) {
    is Plain -> listOf(said.text)
    is Count -> listOf(said.name, said.number.toString())
    is Text -> listOf(said.name) + said.words.flatMap(::names)
}
