// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FiatToken} from "./FiatToken.sol";
import {SystemEmitter} from "./SystemEmitter.sol";

/// @title Arc's USDC, as far as a contract can be it
/// @notice On Arc the native coin's precompile moves the money: it refuses blocked addresses in its own words, and its
/// system address logs the same transfer first, with 18 decimals (EIP-7708), unless nothing moved.
contract Usdc is FiatToken {
    SystemEmitter private constant SYSTEM = SystemEmitter(0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE);

    uint256 private constant NATIVE_PER_MICRO = 1e12;

    function name() external pure override returns (string memory) {
        return "USDC";
    }

    function symbol() external pure override returns (string memory) {
        return "USDC";
    }

    function _mayMove(address from, address to) internal view override {
        require(!isBlacklisted[from] && !isBlacklisted[to], "Blocked address");
    }

    function _moved(address from, address to, uint256 value) internal override {
        if (value > 0 && from != to) SYSTEM.log(from, to, value * NATIVE_PER_MICRO);
    }
}
