package org.hazel.wallet

import kotlin.io.path.Path
import kotlin.io.path.absolutePathString
import org.hazel.bridge.PageOf
import org.hazel.bridge.Wallet
import org.junit.jupiter.api.Test

/** What a screen costs from Kotlin. No test: `ffi/timings.sh` runs it and prints the same calls from Rust beside it. */
class Timings {
    @Test
    fun `the screens of a wallet with a long life`() {
        val file = Path(System.getProperty("hazel.timings")).resolve("ben.hazel").absolutePathString()
        fun open() = Wallet.open(file, LabKeys, null)
        val cold = middle(21) { open().run { home(); shut() } }
        val wallet = open()
        val tallies = wallet.home().tallies
        val home = middle(1_001) { wallet.home() }
        var turn = 0
        val page = middle(1_001) { wallet.tally(tallies[turn++ % tallies.size].id, PageOf()) }
        println("Kotlin: open to first home $cold us, home $home us, a page of 30 $page us")
    }

    /** The middle one of so many, in microseconds. */
    private fun middle(times: Int, call: () -> Unit): Long = List(times) {
        val began = System.nanoTime()
        call()
        (System.nanoTime() - began) / 1_000
    }.sorted()[times / 2]
}
