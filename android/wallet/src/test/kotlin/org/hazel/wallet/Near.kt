package org.hazel.wallet

import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.ScheduledExecutorService
import java.util.concurrent.TimeUnit
import org.hazel.bridge.HazelException
import org.hazel.bridge.Listener
import org.hazel.bridge.Nearby
import org.hazel.bridge.Notice
import org.hazel.bridge.Radio
import org.hazel.bridge.Wallet

/** Milliseconds of a clock that never goes back. */
internal fun now(): ULong = (System.nanoTime() / 1_000_000).toULong()

/** A radio whose every packet takes a millisecond of the wall clock. The peer of each is the other one. */
internal open class Near(val wallet: Wallet, protected val air: ScheduledExecutorService) : Radio {
    val nearby = Nearby(wallet, this)
    val notices = LinkedBlockingQueue<Notice>()
    lateinit var other: Near
    /** Which of the packets the radio loses by throwing. */
    var throwsOn = -1
    /** What it says of its MTU. */
    var claims: UShort = 185u
    /** Every packet comes twice, the second time so many milliseconds later. */
    var echo = -1L
    private var sent = 0

    init {
        wallet.listen(object : Listener {
            override fun changed(notice: Notice) { notices.add(notice) }
        })
    }

    /** The next notice of this sort, and no longer than twenty seconds. */
    inline fun <reified T : Notice> hears(): T? {
        val until = System.nanoTime() + 20_000_000_000
        while (System.nanoTime() < until) (notices.poll(100, TimeUnit.MILLISECONDS) as? T)?.let { return it }
        return null
    }

    override fun connect(peer: String) = later(1) {
        val link = newLink()
        other.nearby.linkUp(link, "caller", other.claims, false, now())
        nearby.linkUp(link, peer, claims, true, now())
    }

    override fun send(link: ULong, packet: ByteArray) {
        if (sent++ == throwsOn) error("the radio's own mistake")
        later(1) { other.nearby.packet(link, packet, claims, now()) }
        if (echo >= 0) later(1 + echo) { other.nearby.packet(link, packet, claims, now()) }
    }

    override fun hangUp(link: ULong) = later(1) {
        nearby.linkDown(link, now())
        other.nearby.linkDown(link, now())
    }

    override fun wakeAt(at: ULong) = later((at - minOf(at, now())).toLong()) { nearby.tick(now()) }

    protected fun later(milliseconds: Long, act: () -> Unit) {
        // The test is over.
        if (air.isShutdown) return
        air.schedule({
            try {
                act()
            } catch (_: HazelException) {
                // The wallet was closed under the radio.
            }
        }, milliseconds, TimeUnit.MILLISECONDS)
    }

    companion object {
        private var links = 0uL

        fun newLink(): ULong = ++links

        fun pair(left: Wallet, right: Wallet, air: ScheduledExecutorService): Pair<Near, Near> {
            val (one, two) = Near(left, air) to Near(right, air)
            one.other = two
            two.other = one
            return one to two
        }
    }
}
